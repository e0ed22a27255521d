package scoring

import (
	"context"
	"fmt"
	"strings"
	"time"

	"actnow"
)

// Status is how one score of an area stands: what scores, what waits in its shadow,
// and what the last training came to.
type Status struct {
	Area       actnow.Area `json:"area"`
	Target     Target      `json:"score"`
	InForce    string      `json:"in_force"` // id of the points card or of the champion
	Champion   *Version    `json:"champion,omitempty"`
	Challenger *Version    `json:"challenger,omitempty"`
	Wait       *Wait       `json:"wait,omitempty"` // of the challenger
	Trial      *Trial      `json:"trial,omitempty"`
	Why        string      `json:"why,omitempty"` // why the points card is in force, in English
	Versions   []Version   `json:"versions"`      // the newest first
}

// StatusStore reads how scores stand.
type StatusStore interface {
	// Trials returns the last trial of each area and score.
	Trials(ctx context.Context) ([]Trial, error)
	// Versions returns the versions of an area and score, "" of each, the newest first.
	Versions(ctx context.Context, area actnow.Area, target Target) ([]Version, error)
	// Wait counts what came so far of what a challenger said beside a champion, "" for a
	// points card.
	Wait(ctx context.Context, challenger Version, champion string) (Wait, error)
}

// Statuses returns how the scores of the cards' areas stand today, of one area unless it
// is "".
func Statuses(ctx context.Context, store StatusStore, cards []Card, area actnow.Area, today time.Time) ([]Status, error) {
	trials, err := store.Trials(ctx)
	if err != nil {
		return nil, err
	}
	versions, err := store.Versions(ctx, area, "")
	if err != nil {
		return nil, err
	}
	var out []Status
	for _, card := range cards {
		if area != "" && card.Area != area {
			continue
		}
		for _, target := range Targets {
			s := newStatus(card, target, trials, versions)
			if s.Challenger != nil {
				champion := ""
				if s.Champion != nil {
					champion = s.Champion.ID
				}
				w, err := store.Wait(ctx, *s.Challenger, champion)
				if err != nil {
					return nil, err
				}
				w.expect(target, today)
				s.Wait = &w
			}
			out = append(out, s)
		}
	}
	return out, nil
}

// newStatus returns how a score of a card's area stands among all trials and versions.
func newStatus(card Card, target Target, trials []Trial, versions []Version) Status {
	s := Status{Area: card.Area, Target: target, InForce: card.ID(), Versions: []Version{}}
	for i := range trials {
		if trials[i].Area == card.Area && trials[i].Target == target {
			s.Trial = &trials[i]
		}
	}
	for i, v := range versions {
		if v.Area != card.Area || v.Target != target {
			continue
		}
		s.Versions = append(s.Versions, v)
		switch v.State {
		case Champion:
			s.Champion, s.InForce = &versions[i], v.ID
		case Challenger:
			s.Challenger = &versions[i]
		}
	}
	if code, args := s.Reason(); code != "" {
		s.Why = english(code, args...)
	}
	return s
}

// Reason returns the sentence that says why the points card is in force, by its code
// in Messages, "" while a model is.
func (s *Status) Reason() (code string, args []any) {
	t := s.Trial
	switch {
	case s.Champion != nil:
		return "", nil
	case s.Challenger != nil:
		return "model.why.shadow", nil
	case t == nil:
		return "model.why.untrained", nil
	case t.Reason == ReasonFew && t.Missing == 0:
		return "model.why.early", nil
	case t.Reason == ReasonFew:
		return "model.why.few." + string(s.Target), []any{t.Outcomes, t.Others, fewestOutcomes, t.Missing}
	case t.Reason == ReasonNoSignal && t.Validation != nil:
		return "model.why.signal", []any{hundredths(t.Validation.AUC), hundredths(t.Validation.AUCLow), hundredths(leastAUC)}
	}
	return "model.why.back", nil
}

// hundredths rounds down to two decimals, so that nothing looks as if it had reached
// a limit that it has not.
func hundredths(v float64) float64 { return float64(int(100*v)) / 100 }

// english is the English sentence of a code.
func english(code string, args ...any) string {
	sentence := Messages[code][0]
	for i, a := range args {
		sentence = strings.ReplaceAll(sentence, fmt.Sprintf("{%d}", i), fmt.Sprint(a))
	}
	return sentence
}
