package scoring

import (
	"testing"
	"time"
)

// TestExpect checks from which day on a verdict is to be expected: with as many outcomes
// as it needs, at the pace so far, and of intent once ninety days are over.
func TestExpect(t *testing.T) {
	on := func(month time.Month, day int) time.Time { return time.Date(2026, month, day, 0, 0, 0, 0, time.UTC) }
	since, never := on(1, 26), time.Time{}
	last := since.AddDate(0, 0, HorizonDays-1)
	for _, tt := range []struct {
		name   string
		target Target
		wait   Wait
		today  time.Time
		want   time.Time
	}{
		{"not asked yet", Intent, Wait{}, on(2, 1), never},
		{"intent, nothing opened", Intent, Wait{Since: since}, on(2, 25), last},
		{"intent, as fast as its days go by", Intent, Wait{Since: since, Outcomes: 4}, on(2, 25), last},
		{"intent, two a month: two more months are asked", Intent, Wait{Since: since, Outcomes: 2}, on(2, 25), since.AddDate(0, 2, HorizonDays-1)},
		{"intent, enough, its days not over", Intent, Wait{Since: since, Outcomes: 50}, on(2, 25), last},
		{"intent, enough, its days over", Intent, Wait{Since: since, Outcomes: 50}, on(6, 1), on(6, 1)},
		{"fit, none lost", Fit, Wait{Since: since, Outcomes: 50}, on(2, 25), never},
		{"fit, five of ten in thirty days", Fit, Wait{Since: since, Outcomes: 8, Others: 5}, since.AddDate(0, 0, 30), since.AddDate(0, 0, 60)},
		{"fit, enough", Fit, Wait{Since: since, Outcomes: 12, Others: 10}, on(3, 3).Add(5 * time.Hour), on(3, 3)},
	} {
		t.Run(tt.name, func(t *testing.T) {
			w := tt.wait
			if w.expect(tt.target, tt.today); !w.Expected.Equal(tt.want) || w.Needed != fewestSince {
				t.Errorf("expected from %s on, want %s; %d needed", w.Expected, tt.want, w.Needed)
			}
		})
	}
}
