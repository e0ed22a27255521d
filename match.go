package actnow

// MatchStage is what carries a match: the step of the order of trust.
type MatchStage string

// The stages in their order of trust.
const (
	StageDomain MatchStage = "domain"
	StageName   MatchStage = "name"
	StageTPID   MatchStage = "tpid"
)

// MatchStages are the stages in their order of trust.
var MatchStages = []MatchStage{StageDomain, StageName, StageTPID}

// NoStages counts none for each stage: who counts by stage begins with it, so that a
// stage that carries nothing is said to.
func NoStages() map[MatchStage]int {
	counts := map[MatchStage]int{}
	for _, s := range MatchStages {
		counts[s] = 0
	}
	return counts
}

// MatchBand says what becomes of a pair.
type MatchBand string

// The bands: match from probability 0.98, review from 0.30, else none.
const (
	BandMatch  MatchBand = "match"
	BandReview MatchBand = "review"
	BandNone   MatchBand = "none"
)

// Verdict is a person's decision about a customer and an account.
type Verdict string

// The verdicts. undone takes an earlier decision back; nothing is deleted.
const (
	VerdictYes    Verdict = "yes"
	VerdictNo     Verdict = "no"
	VerdictUndone Verdict = "undone"
)
