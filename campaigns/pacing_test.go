package campaigns_test

import (
	"math"
	"testing"
	"time"

	"pgregory.net/rapid"

	"actnow/campaigns"
)

var (
	taken   = campaigns.Reply{Stage: campaigns.StageDot, Taken: true, Code: 250}
	tooFast = campaigns.Reply{Stage: campaigns.StageRcpt, Code: 421, Text: "4.7.28 rate limited"}
	tooMany = campaigns.Reply{Stage: campaigns.StageDot, Code: 432, Text: "4.3.2 concurrent connections"}
)

func steady() *campaigns.Pacer {
	return &campaigns.Pacer{Rand: func() float64 { return 0.5 }}
}

var noon = time.Date(2026, 11, 26, 12, 0, 0, 0, time.UTC)

func TestDomainGroup(t *testing.T) {
	for domain, want := range map[string]string{"Outlook.com": "microsoft", "hotmail.com": "microsoft", "contoso.onmicrosoft.com": "microsoft",
		"gmail.com.": "google", "one.example": "one.example", "ONE.example": "one.example"} {
		if got := campaigns.DomainGroup(domain); got != want {
			t.Errorf("DomainGroup(%s) = %s, want %s", domain, got, want)
		}
	}
	p := &campaigns.Pacer{Group: func(d string) string { return "mx of " + d }}
	if got := p.GroupOf("a@b@c.example"); got != "mx of c.example" {
		t.Errorf("GroupOf = %s", got)
	}
}

func TestRefusalClosesAndHalves(t *testing.T) {
	p, now := steady(), noon
	for range 100 { // ten a second
		if _, ok := p.Admit("a", now); !ok {
			t.Fatal("held back without a reason")
		}
		p.Done("a", taken, now)
		now = now.Add(100 * time.Millisecond)
	}
	for range 3 { // three connections hear the same refusal
		p.Admit("a", now)
	}
	for range 3 {
		p.Done("a", tooFast, now)
	}
	if wait, ok := p.Admit("a", now); ok || wait != 10*time.Second {
		t.Errorf("after a refusal: wait %v, %t", wait, ok)
	}
	if _, ok := p.Admit("b", now); !ok || p.Slow("b", now) || !p.Slow("a", now) {
		t.Error("another group is held back too")
	}
	now = now.Add(10 * time.Second)
	if _, ok := p.Admit("a", now); !ok {
		t.Fatal("still closed after the pause")
	}
	wait, ok := p.Admit("a", now)
	if ok || wait < 150*time.Millisecond || wait > 600*time.Millisecond {
		t.Errorf("the gap between two mails is %v, want that of a few a second", wait)
	}
	// Refused again before any success: twice as long.
	p.Done("a", tooFast, now)
	if wait, _ := p.Admit("a", now); wait != 20*time.Second {
		t.Errorf("after the second refusal: wait %v", wait)
	}
}

func TestRateGrowsAgainAndTheLimitGoes(t *testing.T) {
	p, now := steady(), noon
	p.MinRate = 1
	p.Admit("a", now)
	p.Done("a", tooFast, now)
	now = now.Add(10 * time.Second)
	sent, begun := 0, now
	for p.Slow("a", now) && sent < 100_000 {
		wait, ok := p.Admit("a", now)
		if !ok {
			now = now.Add(wait)
			continue
		}
		p.Done("a", taken, now)
		sent++
	}
	if took := now.Sub(begun); p.Slow("a", now) || took < 10*time.Minute || took > 2*time.Hour {
		t.Errorf("after %d mails in %v the group is slow: %t", sent, took, p.Slow("a", now))
	}
}

func TestTooManyConnectionsMeansFewerConnections(t *testing.T) {
	p, now := steady(), noon
	for range 8 {
		if _, ok := p.Admit("a", now); !ok {
			t.Fatal("held back without a reason")
		}
	}
	p.Done("a", tooMany, now)
	for range 7 {
		p.Done("a", taken, now)
	}
	now = now.Add(time.Minute)
	n := 0
	for {
		wait, ok := p.Admit("a", now)
		if !ok {
			if wait != 0 {
				t.Errorf("wait %v, want to wait for a mail to come back", wait)
			}
			break
		}
		if n++; n > 8 {
			break
		}
	}
	if n != 4 {
		t.Errorf("%d at once, want 4", n)
	}
	for range 4 {
		p.Done("a", taken, now)
	}
	for range 2000 {
		if _, ok := p.Admit("a", now); !ok {
			t.Fatal("one mail is held back")
		}
		p.Done("a", taken, now)
	}
	if p.Slow("a", now) {
		t.Error("the limit stays for ever")
	}
}

func TestWhoIsBlamed(t *testing.T) {
	tests := []struct {
		name       string
		reply      campaigns.Reply
		own, other bool // the group, another group is held back afterwards
	}{
		{"taken", taken, false, false},
		{"not offered", campaigns.Reply{}, false, false},
		{"refused at RCPT", tooFast, true, false},
		{"refused at the dot", campaigns.Reply{Stage: campaigns.StageDot, Code: 451, Text: "4.7.1 slow down"}, true, false},
		{"refused at MAIL", campaigns.Reply{Stage: campaigns.StageMail, Code: 421, Text: "4.7.0 closing"}, true, true},
		{"not reachable", campaigns.Reply{Stage: campaigns.StageConnect}, true, true},
		{"cut", campaigns.Reply{Stage: campaigns.StageDot}, true, true},
		{"mailbox full", campaigns.Reply{Stage: campaigns.StageRcpt, Code: 452, Text: "4.2.2 full"}, false, false},
		{"no such address", campaigns.Reply{Stage: campaigns.StageRcpt, Code: 550, Text: "5.1.1 none"}, false, false},
	}
	for _, tt := range tests {
		t.Run(tt.name, func(t *testing.T) {
			p := steady()
			p.Admit("a", noon)
			p.Done("a", tt.reply, noon)
			_, own := p.Admit("a", noon)
			_, other := p.Admit("b", noon)
			if own == tt.own || other == tt.other {
				t.Errorf("let go: own %t, other %t", own, other)
			}
		})
	}
}

func TestRetryDoublesUpToItsMost(t *testing.T) {
	p := steady()
	for n, want := range map[int]time.Duration{0: 5, 1: 5, 2: 10, 3: 20, 7: 240, 1000: 240} {
		if got := p.Retry(n, 5*time.Minute, 4*time.Hour); got != want*time.Minute {
			t.Errorf("Retry(%d) = %v, want %v", n, got, want*time.Minute)
		}
	}
	rapid.Check(t, func(t *rapid.T) {
		n := rapid.IntRange(1, 60).Draw(t, "n")
		got := (&campaigns.Pacer{}).Retry(n, time.Minute, time.Hour)
		mean := math.Min(math.Pow(2, float64(n-1)), 60)
		if m := got.Minutes(); m < 0.79*mean || m > 1.21*mean {
			t.Errorf("Retry(%d) = %v", n, got)
		}
	})
}

// TestPacerFindsTheLimitOfAStrictProvider lets a provider take 30 mails a minute
// and punish each attempt above it, and wants most of what could be had.
func TestPacerFindsTheLimitOfAStrictProvider(t *testing.T) {
	p, now := steady(), noon
	var stamps []time.Time // taken in the last minute
	sent, refused := 0, 0
	for now.Before(noon.Add(6 * time.Hour)) {
		wait, ok := p.Admit("microsoft", now)
		if !ok {
			now = now.Add(max(wait, time.Millisecond))
			continue
		}
		for len(stamps) > 0 && now.Sub(stamps[0]) > time.Minute {
			stamps = stamps[1:]
		}
		if len(stamps) >= 30 {
			refused++
			p.Done("microsoft", tooFast, now)
			continue
		}
		stamps = append(stamps, now)
		sent++
		p.Done("microsoft", taken, now.Add(20*time.Millisecond))
		now = now.Add(20 * time.Millisecond)
	}
	if ideal := 6 * 60 * 30; sent < ideal*8/10 || refused > sent/200 {
		t.Errorf("%d sent of %d possible, %d refusals", sent, ideal, refused)
	}
	t.Logf("%d sent of %d possible, %d refusals", sent, 6*60*30, refused)
}
