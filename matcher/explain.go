package matcher

import (
	"fmt"
	"strings"
)

// Explanation returns the match as text for a terminal: each candidate with
// its probability, a sentence that says why, and the bits that each comparison
// adds, which sum to the log2 odds of the probability unless a person decided or
// must decide.
func Explanation(m Match) string {
	var b strings.Builder
	fmt.Fprintf(&b, "account %s: %s", m.Account, m.Band)
	switch {
	case m.Decided:
		b.WriteString(", decided by a person")
	case len(m.Candidates) == 0:
		b.WriteString(", no customer comes into question")
	}
	b.WriteByte('\n')
	for i, c := range m.Candidates {
		fmt.Fprintf(&b, "\n%d. customer %s, probability %.6f", i+1, c.Customer, c.Probability)
		if c.Stage != "" {
			fmt.Fprintf(&b, ", carried by the %s", c.Stage)
		}
		fmt.Fprintf(&b, "\n   %s\n", c.Reason)
		sum := 0.0
		for _, row := range c.Comparisons {
			sum += row.Bits
			fmt.Fprintf(&b, "   %+8.2f  %-11s  %s%s\n", row.Bits, row.Field, row.Note, sides(row))
		}
		fmt.Fprintf(&b, "   %+8.2f  bits in all\n", sum)
	}
	return b.String()
}

func sides(row Comparison) string {
	if row.Customer == "" && row.Account == "" {
		return ""
	}
	return fmt.Sprintf("  (customer %q, account %q)", row.Customer, row.Account)
}
