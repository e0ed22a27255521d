package campaigns

import (
	"math"
	"math/rand/v2"
	"strings"
	"time"
)

// Pacer decides when the next mail to a group of destinations may go. A refusal
// for now closes the group for a while, longer each time in a row, and halves
// its rate; successes let the rate grow by equal steps. A refusal because of too
// many connections (432, 4.3.2) halves the connections instead. What the server
// says before it has heard of a recipient counts for the server as a whole.
//
// The zero value is ready for use. It is for one goroutine.
type Pacer struct {
	// Group names the group that a domain belongs to; nil for DomainGroup.
	Group func(domain string) string
	// FirstPause and MaxPause bound how long a group is closed; zero for ten
	// seconds and fifteen minutes.
	FirstPause, MaxPause time.Duration
	// MinRate is how many mails a second are always tried while a group is not
	// closed; zero for one in ten seconds.
	MinRate float64
	// Rand returns a number in [0, 1) for jitter; nil for math/rand.
	Rand func() float64

	lanes map[string]*lane
}

// server is the group that stands for the mail server as a whole.
const server = ""

// lane is what is known of one group.
type lane struct {
	rate     float64   // mails a second, 0 without a limit
	ceiling  float64   // the rate at which the last refusal came
	grownAt  time.Time // when rate was last raised
	next     time.Time // the earliest moment of the next mail
	closed   time.Time // no mail before it
	refusals int       // in a row
	conns    int       // connections at once, 0 without a limit
	good     int       // successes since conns was last changed
	inFlight int
	recent   float64 // mails in about the last window, decaying
	sentAt   time.Time
}

const (
	window      = 10 * time.Second // over which the present rate is measured
	minRate     = 0.1              // see Pacer.MinRate
	regain      = 5 * time.Minute  // in which the rate would grow from half of the ceiling to the ceiling
	nearly      = 0.9              // of the ceiling, above which the rate grows a tenth as fast
	freeAt      = 2                // times the ceiling, after which the limit is dropped
	connSteps   = 50               // successes for one more connection
	freeConns   = 32               // connections above which the limit is dropped
	maxLanes    = 4096             // above which quiet lanes are forgotten
	quietForget = 10 * time.Minute
)

// families are mailbox providers that count what they get under several names
// together.
var families = map[string]string{
	"outlook.com": "microsoft", "hotmail.com": "microsoft", "live.com": "microsoft", "msn.com": "microsoft",
	"outlook.se": "microsoft", "hotmail.se": "microsoft", "live.se": "microsoft",
	"gmail.com": "google", "googlemail.com": "google",
	"yahoo.com": "yahoo", "ymail.com": "yahoo", "rocketmail.com": "yahoo", "aol.com": "yahoo", "yahoo.se": "yahoo",
	"icloud.com": "apple", "me.com": "apple", "mac.com": "apple",
}

// DomainGroup returns the group of a domain by its name alone: the provider, or
// the domain itself.
func DomainGroup(domain string) string {
	domain = strings.ToLower(strings.TrimSuffix(domain, "."))
	if strings.HasSuffix(domain, ".onmicrosoft.com") {
		return "microsoft"
	}
	if g := families[domain]; g != "" {
		return g
	}
	return domain
}

// GroupOf returns the group that an address belongs to.
func (p *Pacer) GroupOf(address string) string {
	domain := address[strings.LastIndexByte(address, '@')+1:]
	if p.Group != nil {
		return p.Group(domain)
	}
	return DomainGroup(domain)
}

// Admit asks for leave to send one mail to group now. ok means that it counts as
// on its way until Done is told. Otherwise wait is how long to hold back, or 0 if
// a mail on its way has to come back first.
func (p *Pacer) Admit(group string, now time.Time) (wait time.Duration, ok bool) {
	g, s := p.lane(group), p.lane(server)
	for _, l := range []*lane{g, s} {
		if l.conns > 0 && l.inFlight >= l.conns {
			return 0, false
		}
		wait = max(wait, l.closed.Sub(now))
		if l.rate > 0 {
			wait = max(wait, l.next.Sub(now))
		}
	}
	if wait > 0 {
		return wait, false
	}
	g.take(now)
	s.take(now)
	return 0, true
}

// Slow reports whether the group is held back.
func (p *Pacer) Slow(group string, now time.Time) bool {
	l := p.lanes[group]
	return l != nil && (l.rate > 0 || l.conns > 0 || l.closed.After(now))
}

// Done tells how a mail that Admit let go came back. A zero Reply says that it
// was not offered to the server.
func (p *Pacer) Done(group string, r Reply, now time.Time) {
	g, s := p.lane(group), p.lane(server)
	g.inFlight--
	s.inFlight--
	if len(p.lanes) > maxLanes {
		p.forget(now)
	}
	if r.Stage == "" {
		return
	}
	blamed := g
	if r.Stage == StageConnect || r.Stage == StageMail || r.Code == 0 {
		blamed = s
	}
	enhanced := r.Enhanced()
	switch {
	case r.Taken:
		g.success(now)
		s.success(now)
	case r.Code == 0 || r.Stage == StageConnect:
		p.close(blamed, now)
	case r.Code/100 != 4, strings.HasPrefix(enhanced, "4.1."), strings.HasPrefix(enhanced, "4.2."):
		// The answer is about this recipient alone.
	case r.Code == 432, enhanced == "4.3.2":
		if p.close(blamed, now) {
			blamed.conns, blamed.good = max(1, (blamed.inFlight+1)/2), 0
		}
	default:
		if p.close(blamed, now) {
			least := p.MinRate
			if least <= 0 {
				least = minRate
			}
			blamed.halve(now, least)
		}
	}
}

// Retry returns after how long a mail is tried again after its attempt number n,
// counted from 1: doubling from first up to most, a fifth more or less.
func (p *Pacer) Retry(n int, first, most time.Duration) time.Duration {
	d := float64(first) * math.Pow(2, float64(max(n, 1)-1))
	return p.jitter(min(d, float64(most)))
}

// close shuts the lane for a while. It reports false if the lane was shut
// already: many connections hear the same refusal at once.
func (p *Pacer) close(l *lane, now time.Time) bool {
	if l.closed.After(now) {
		return false
	}
	first, most := p.FirstPause, p.MaxPause
	if first <= 0 {
		first = 10 * time.Second
	}
	if most <= 0 {
		most = 15 * time.Minute
	}
	l.refusals++
	l.closed = now.Add(p.Retry(l.refusals, first, most))
	return true
}

func (p *Pacer) jitter(d float64) time.Duration {
	r := p.Rand
	if r == nil {
		r = rand.Float64
	}
	return time.Duration(d * (0.8 + 0.4*r()))
}

func (p *Pacer) lane(group string) *lane {
	l := p.lanes[group]
	if l == nil {
		if p.lanes == nil {
			p.lanes = map[string]*lane{}
		}
		l = &lane{}
		p.lanes[group] = l
	}
	return l
}

// forget drops the lanes of which nothing is worth remembering.
func (p *Pacer) forget(now time.Time) {
	for name, l := range p.lanes {
		if l.inFlight == 0 && l.rate == 0 && l.conns == 0 && now.Sub(l.sentAt) > quietForget && now.After(l.closed) {
			delete(p.lanes, name)
		}
	}
}

func (l *lane) take(now time.Time) {
	l.inFlight++
	l.recent = l.decayed(now) + 1
	l.sentAt = now
	if l.rate > 0 {
		gap := time.Duration(float64(time.Second) / l.rate)
		l.next = now.Add(gap)
	}
}

// decayed returns about how many mails went in the last window.
func (l *lane) decayed(now time.Time) float64 {
	if l.sentAt.IsZero() {
		return 0
	}
	return l.recent * math.Exp(-now.Sub(l.sentAt).Seconds()/window.Seconds())
}

func (l *lane) halve(now time.Time, least float64) {
	l.ceiling = l.rate
	if l.rate == 0 {
		l.ceiling = l.decayed(now) / window.Seconds()
	}
	l.ceiling = max(l.ceiling, least)
	l.rate = max(l.ceiling/2, least)
	l.grownAt = now
}

func (l *lane) success(now time.Time) {
	l.refusals = 0
	if l.conns > 0 {
		if l.good++; l.good >= connSteps {
			l.conns, l.good = l.conns+1, 0
		}
		if l.conns > freeConns {
			l.conns = 0
		}
	}
	if l.rate == 0 {
		return
	}
	// Time counts only while mails go: a quiet hour is no proof.
	elapsed := min(now.Sub(l.grownAt).Seconds(), 2/l.rate)
	l.grownAt = now
	step := elapsed * l.ceiling / 2 / regain.Seconds()
	if l.rate > nearly*l.ceiling {
		step /= 10 // feel the way around where it went wrong
	}
	l.rate += step
	if l.rate > freeAt*l.ceiling {
		l.rate, l.ceiling = 0, 0
	}
}
