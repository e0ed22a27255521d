package matcher

import (
	"slices"
	"strings"
)

// patternFields are the comparisons that a pattern is made of, in their order:
// what a person looks at first. The others (legal form, postal code, state) would
// part pairs that a person answers alike.
var patternFields = []string{"domain", "label", "name", "words", "city", "country", "tpid", "rivals", "hold"}

// HeldPart is in the patterns of pairs that are held for a person whatever their
// weight, and in no others.
const HeldPart = "hold-"

// Pattern returns the pattern of a pair's evidence: a short key, the same for
// all pairs that agree and differ in the same fields and wait for the same
// reason, as "domain-shared.name-alike.city-missing". It is "" for a pair that
// nothing was compared of.
func Pattern(comparisons []Comparison) string {
	if len(comparisons) == 0 {
		return ""
	}
	var parts []string
	for _, field := range patternFields {
		i := slices.IndexFunc(comparisons, func(c Comparison) bool { return c.Field == field })
		part := field + "-" + levelMissing.String()
		if i >= 0 {
			part = patternPart(&comparisons[i])
		}
		switch part {
		case "label-missing", "words-missing", "words-none", "country-missing", "country-equal", "tpid-missing", "rivals-missing", "rivals-none", "hold-missing":
			continue // the common case, which goes without saying
		}
		parts = append(parts, part)
	}
	return strings.Join(parts, ".")
}

// patternPart names what a comparison says without the values of its sides: by
// its code, or by its level where the code says no more or has values in its
// sentence and no sentence for patterns.
func patternPart(c *Comparison) string {
	rest := strings.TrimPrefix(c.Code, "match.")
	last := rest[strings.LastIndexByte(rest, '.')+1:]
	part := strings.ReplaceAll(rest, ".", "-")
	for l := levelMissing; l <= levelDifferent; l++ {
		if last == l.String() {
			part = c.Field + "-" + c.Level
		}
	}
	if s, ok := Messages[patternCode(part)]; !ok || strings.Contains(s[0], "{") {
		return c.Field + "-" + c.Level
	}
	return part
}

// PatternCodes returns the codes of the sentences that say a pattern, in order.
func PatternCodes(pattern string) []string {
	var codes []string
	for part := range strings.SplitSeq(pattern, ".") {
		if code := patternCode(part); Messages[code] != [2]string{} {
			codes = append(codes, code)
		}
	}
	return codes
}

// patternCode returns the code of a part's sentence: one of its own where that of
// the comparison names the values of both sides.
func patternCode(part string) string {
	code := strings.ReplaceAll(part, "-", ".")
	if own := "match.pattern." + code; Messages[own] != [2]string{} {
		return own
	}
	return "match." + code
}
