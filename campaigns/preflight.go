package campaigns

import (
	"iter"
	"net/url"
	"slices"
	"strings"
	"time"
	"unicode/utf8"

	"actnow"
)

// Severity is how much a finding matters.
type Severity string

// The severities: a block keeps a campaign from being launched.
const (
	SeverityBlock Severity = "block"
	SeverityWarn  Severity = "warn"
	SeverityOK    Severity = "ok"
)

// Finding is what a check before the launch came to. Code and Args name the
// sentence in Messages; Text is the same in English.
type Finding struct {
	Code     string
	Args     []any
	Text     string
	Severity Severity
	Step     string // or ""
	Language string // or ""
}

// Recipient is one contact of the audience, as far as the checks need it.
type Recipient struct {
	Language string // as the contact has it
	Fields   Fields
}

// Check finds what is to be said of those whom a launch would mail. While Key is the same,
// it says the same of the same recipients.
type Check struct {
	Key string
	Of  func(iter.Seq[Recipient]) []Finding
}

// Limits that Preflight holds mails against.
const (
	MaxMailHTML     = 100 << 10 // bytes; Gmail cuts a mail at about 102 KB
	MaxMailPictures = 1 << 20   // bytes of the pictures of one mail
	LongSubject     = 78        // characters; phones show about half of them
	expiresSoonDays = 14
)

// Preflight renders every e-mail step for every recipient and reports what
// needs no network to be known: fields that come out empty, size, text part,
// alternative texts, links, the unsubscribe address, the expiry of the pack. now
// is in the zone in which the pack's last day counts. Findings come steps first,
// each check once, blocks before warnings before what is well.
func Preflight(pack *Pack, recipients iter.Seq[Recipient], now time.Time) []Finding {
	p := preflight{pack: pack, compiled: map[stepLanguage]*Compiled{}, seen: map[stepLanguage]*tally{}}
	p.expiry(now)
	p.steps()
	for r := range recipients {
		p.recipient(r)
	}
	p.report()
	slices.SortStableFunc(p.findings, func(a, b Finding) int { return rank(a.Severity) - rank(b.Severity) })
	return p.findings
}

// Blocked reports whether one of the findings is a block.
func Blocked(findings []Finding) bool {
	return slices.ContainsFunc(findings, func(f Finding) bool { return f.Severity == SeverityBlock })
}

func rank(s Severity) int {
	return slices.Index([]Severity{SeverityBlock, SeverityWarn, SeverityOK}, s)
}

type stepLanguage struct{ step, language string }

// tally counts what the recipients of a step in a language get.
type tally struct {
	mails        int
	largest      int
	empty        map[string]int // by field
	noSubject    int
	longSubject  int
	insecureLink int // unsubscribe addresses that are not https
	failed       int
	failure      error
}

type preflight struct {
	pack       *Pack
	compiled   map[stepLanguage]*Compiled
	seen       map[stepLanguage]*tally
	recipients int
	fallback   map[string]int // recipients by the language that the pack lacks
	findings   []Finding
}

func (p *preflight) add(severity Severity, at stepLanguage, code string, args ...any) {
	p.findings = append(p.findings, Finding{Code: code, Args: args, Text: message(code, args), Severity: severity,
		Step: at.step, Language: at.language})
}

func (p *preflight) expiry(now time.Time) {
	whole := stepLanguage{}
	switch {
	case p.pack.Expires == "":
	case p.pack.Expired(now):
		p.add(SeverityBlock, whole, "preflight.expired", p.pack.Expires)
	case now.AddDate(0, 0, expiresSoonDays).Format(time.DateOnly) > p.pack.Expires:
		p.add(SeverityWarn, whole, "preflight.expires_soon", p.pack.Expires)
	default:
		p.add(SeverityOK, whole, "preflight.expires_later", p.pack.Expires)
	}
}

// steps compiles the e-mail steps and reports what is the same for everybody.
func (p *preflight) steps() {
	mails := 0
	for _, s := range p.pack.Steps {
		if s.Channel != "email" {
			p.add(SeverityOK, stepLanguage{step: s.Key}, "preflight.not_mail", s.Key, s.Channel)
			p.social(s)
			continue
		}
		mails++
		for _, lang := range p.pack.Languages {
			at := stepLanguage{s.Key, lang}
			c, err := Compile(p.pack, s.Key, lang)
			if err != nil {
				p.add(SeverityBlock, at, "preflight.broken", err.Error())
				continue
			}
			p.compiled[at], p.seen[at] = c, &tally{empty: map[string]int{}}
			p.static(at, s, c)
		}
	}
	if mails == 0 {
		p.add(SeverityBlock, stepLanguage{}, "preflight.no_mail")
	}
}

func (p *preflight) social(s Step) {
	for _, lang := range p.pack.Languages {
		if s.Image != "" && strings.TrimSpace(s.Alt[lang]) == "" {
			p.add(SeverityWarn, stepLanguage{s.Key, lang}, "preflight.no_alt", s.Image)
		}
	}
}

func (p *preflight) static(at stepLanguage, s Step, c *Compiled) {
	noAlt := slices.Clone(c.NoAlt)
	if s.Image != "" && s.Format != FormatHTML && s.Format != FormatMJML && strings.TrimSpace(s.Alt[at.language]) == "" {
		noAlt = append(noAlt, s.Image)
	}
	if len(noAlt) > 0 {
		p.add(SeverityWarn, at, "preflight.no_alt", strings.Join(noAlt, ", "))
	} else {
		p.add(SeverityOK, at, "preflight.alt")
	}
	if len(c.Insecure) > 0 {
		p.add(SeverityWarn, at, "preflight.http", strings.Join(c.Insecure, ", "))
	}
	if len(c.Dead) > 0 {
		p.add(SeverityWarn, at, "preflight.dead", len(c.Dead))
	}
	if len(c.Insecure)+len(c.Dead) == 0 {
		p.add(SeverityOK, at, "preflight.links")
	}
	attached := 0
	for _, i := range c.attached {
		attached += len(i.Data)
	}
	if attached > MaxMailPictures {
		p.add(SeverityWarn, at, "preflight.pictures", kilobytes(attached))
	}
	if c.OwnText {
		p.add(SeverityOK, at, "preflight.text_own")
	} else {
		p.add(SeverityOK, at, "preflight.text_made")
	}
	if _, own := footers[baseLanguage(at.language)]; !own {
		p.add(SeverityWarn, at, "preflight.footer_language", at.language)
	}
}

// recipient renders what one recipient gets.
func (p *preflight) recipient(r Recipient) {
	p.recipients++
	lang, ok := ChooseLanguage(p.pack, r.Language)
	if !ok {
		return
	}
	if want := languageTag(r.Language); want != "" && baseLanguage(want) != baseLanguage(lang) {
		if p.fallback == nil {
			p.fallback = map[string]int{}
		}
		p.fallback[baseLanguage(want)]++
	}
	for _, s := range p.pack.Steps {
		at := stepLanguage{s.Key, lang}
		c, t := p.compiled[at], p.seen[at]
		if c == nil {
			continue
		}
		mail, err := c.Render(r.Fields)
		if err != nil {
			t.failed++
			t.failure = err
			continue
		}
		t.mails++
		t.largest = max(t.largest, len(mail.HTML))
		for _, f := range c.Shown {
			if strings.TrimSpace(r.Fields[f]) == "" && f != "ViewURL" {
				t.empty[f]++
			}
		}
		if mail.Subject == "" {
			t.noSubject++
		} else if utf8.RuneCountInString(mail.Subject) > LongSubject {
			t.longSubject++
		}
		if u, err := url.Parse(r.Fields["UnsubscribeURL"]); err != nil || u.Scheme != "https" || u.Host == "" {
			t.insecureLink++
		}
	}
}

// report says what the recipients' mails came to.
func (p *preflight) report() {
	whole := stepLanguage{}
	if p.recipients == 0 {
		p.add(SeverityBlock, whole, "preflight.nobody")
		return
	}
	for _, lang := range sortedKeys(p.fallback) {
		p.add(SeverityWarn, whole, "preflight.language", p.fallback[lang], lang, p.pack.Languages[0])
	}
	insecure := 0
	for _, s := range p.pack.Steps {
		for _, lang := range p.pack.Languages {
			at := stepLanguage{s.Key, lang}
			t := p.seen[at]
			if t == nil || t.mails+t.failed == 0 {
				continue
			}
			insecure += t.insecureLink
			p.counted(at, t)
		}
	}
	if insecure > 0 {
		p.add(SeverityBlock, whole, "preflight.unsubscribe", insecure)
	} else {
		p.add(SeverityOK, whole, "preflight.unsubscribe_ok")
	}
}

func (p *preflight) counted(at stepLanguage, t *tally) {
	if t.failed > 0 {
		p.add(SeverityBlock, at, "preflight.failed", t.failed, sentence(t.failure))
	}
	if len(t.empty) == 0 && t.mails > 0 {
		p.add(SeverityOK, at, "preflight.fields")
	}
	for _, f := range sortedKeys(t.empty) {
		p.add(SeverityWarn, at, "preflight.empty", f, t.empty[f], t.mails)
	}
	if t.largest > MaxMailHTML {
		p.add(SeverityBlock, at, "preflight.large", kilobytes(t.largest), MaxMailHTML>>10)
	} else if t.mails > 0 {
		p.add(SeverityOK, at, "preflight.size", kilobytes(t.largest))
	}
	if t.noSubject > 0 {
		p.add(SeverityWarn, at, "preflight.no_subject", t.noSubject)
	}
	if t.longSubject > 0 {
		p.add(SeverityWarn, at, "preflight.long_subject", t.longSubject, LongSubject)
	}
}

func sentence(err error) string {
	if input, ok := err.(*actnow.InputError); ok {
		return input.Text
	}
	return err.Error()
}

func kilobytes(n int) int { return (n + 1023) / 1024 }

func sortedKeys(m map[string]int) []string {
	out := make([]string, 0, len(m))
	for k := range m {
		out = append(out, k)
	}
	slices.Sort(out)
	return out
}
