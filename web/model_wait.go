package web

import (
	"strings"

	"actnow/scoring"
)

// statusNote says why the points card is in force and what a challenger waits for; nil if
// there is nothing to say.
func statusNote(text *Text, st scoring.Status) *Note {
	var said []string
	if code, args := st.Reason(); code != "" {
		said = append(said, text.T(code, args...))
	} else if st.Challenger != nil {
		said = append(said, text.T("models.waits", dayOf(text, st.Challenger.Day)))
	}
	if st.Wait != nil {
		said = append(said, waitText(text, st.Target, *st.Wait))
	}
	if said == nil {
		return nil
	}
	return &Note{Text: strings.Join(said, " ")}
}

// waitText says how far a challenger has come towards its verdict, and when that is to
// be expected.
func waitText(text *Text, target scoring.Target, w scoring.Wait) string {
	if w.Since.IsZero() {
		return text.T("models.wait.unasked."+string(target), w.Needed)
	}
	return text.T("models.wait."+string(target), w.Since, w.Needed, w.Outcomes, w.Others) + " " + verdictDay(text, w)
}

// verdictDay says when a verdict on a challenger is to be expected.
func verdictDay(text *Text, w scoring.Wait) string {
	switch {
	case w.Since.IsZero():
		return text.T("models.wait.next")
	case w.Expected.IsZero():
		return text.T("models.wait.unknown")
	case w.Outcomes == 0:
		return text.T("models.wait.earliest", w.Expected)
	}
	return text.T("models.wait.expected", w.Expected)
}
