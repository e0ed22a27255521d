package storage_test

import (
	"context"
	"fmt"
	"slices"
	"strings"
	"sync"
	"testing"

	gomail "github.com/wneessen/go-mail"

	"actnow"
	"actnow/campaigns"
	"actnow/campaigns/mail"
	"actnow/campaigns/mail/mailtest"
	"actnow/storage/storagetest"
)

// page is the HTML of a mail of about 20 KB.
var page = "<html><body>" + strings.Repeat("<p>A paragraph about what the offer can do for you – and for us.</p>\n", 280) + "</body></html>"

func renderPage(ctx context.Context, p *campaigns.Pack, m campaigns.Message) (campaigns.Letter, error) {
	l, err := renderPlain(ctx, p, m)
	l.HTML = strings.Replace(page, "you", m.Fields["FirstName"], 1)
	l.Text = strings.Repeat("A paragraph of text.\n", 50)
	return l, err
}

// BenchmarkOutbox sends a campaign of b.N mails of 20 KB into a sink in this
// process, with the whole ledger, each verdict on disk; its anchor is go-mail
// alone, which writes nothing down.
func BenchmarkOutbox(b *testing.B) {
	for _, connections := range []int{4, 16} {
		b.Run(fmt.Sprintf("durable/connections=%d", connections), func(b *testing.B) {
			s := newSending(b, b.N, &mailtest.Server{Discard: true}, nil)
			s.box.Connections, s.box.Render = connections, renderPage
			last := make(chan struct{})
			var mu sync.Mutex
			n := 0
			s.box.Observe = func(campaigns.Message, campaigns.Verdict) {
				mu.Lock()
				defer mu.Unlock()
				if n++; n == b.N {
					close(last)
				}
			}
			b.ResetTimer()
			stop := s.start()
			<-last
			b.StopTimer()
			b.ReportMetric(float64(b.N)/b.Elapsed().Seconds(), "mails/s")
			if err := stop(); err != nil {
				b.Fatal(err)
			}
			if c := s.campaign(); !finished(c) {
				b.Fatalf("campaign %s, %v", c.State, c.Counts)
			}
		})
		b.Run(fmt.Sprintf("anchor-go-mail/connections=%d", connections), func(b *testing.B) {
			server := &mailtest.Server{Discard: true}
			server.Start(b)
			srv, err := mail.ParseSMTP(server.URL())
			if err != nil {
				b.Fatal(err)
			}
			jobs := make(chan int)
			var wg sync.WaitGroup
			b.ResetTimer()
			for range connections {
				wg.Go(func() {
					client, err := gomail.NewClient(srv.Host, gomail.WithPort(srv.Port), gomail.WithTLSPolicy(gomail.NoTLS))
					if err == nil {
						err = client.DialWithContext(b.Context())
					}
					if err != nil {
						b.Error(err)
						return
					}
					defer client.Close()
					for i := range jobs {
						l, _ := renderPage(b.Context(), &campaigns.Pack{}, campaigns.Message{})
						m := gomail.NewMsg()
						if err := m.From("hello@partner.example"); err != nil {
							b.Error(err)
						}
						if err := m.To(fmt.Sprintf("p%d@d.example", i)); err != nil {
							b.Error(err)
						}
						m.Subject(l.Subject)
						m.SetBodyString(gomail.TypeTextPlain, l.Text)
						m.AddAlternativeString(gomail.TypeTextHTML, l.HTML)
						if err := client.Send(m); err != nil {
							b.Error(err)
						}
					}
				})
			}
			for i := range b.N {
				jobs <- i
			}
			close(jobs)
			wg.Wait()
			b.StopTimer()
			b.ReportMetric(float64(b.N)/b.Elapsed().Seconds(), "mails/s")
		})
	}
}

// BenchmarkLaunch freezes an audience of b.N people and queues two steps. Meanwhile others
// write at 100 a second: insert-p99 and insert-max are what they wait; the anchor of that
// is BenchmarkFdatasync.
func BenchmarkLaunch(b *testing.B) {
	db := storagetest.Open(b, campaignSeed, crowd(b.N))
	id := newCampaign(b, db, nil)
	if err := db.ScheduleCampaign(b.Context(), maja, id); err != nil {
		b.Fatal(err)
	}
	plan := launchPlan()
	plan.Customers = nil
	for i := range b.N {
		plan.Customers = append(plan.Customers, actnow.CustomerID(100+i))
	}
	stop := writeMeanwhile(b, db)
	b.ResetTimer()
	if l := launch(b, db, id, plan); l.Queued != 2*b.N {
		b.Fatalf("launch = %+v", l)
	}
	b.StopTimer()
	waited := stop()
	slices.Sort(waited)
	b.ReportMetric(float64(waited[len(waited)*99/100].Milliseconds()), "insert-p99-ms")
	b.ReportMetric(float64(waited[len(waited)-1].Milliseconds()), "insert-max-ms")
}
