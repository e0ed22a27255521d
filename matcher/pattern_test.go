package matcher_test

import (
	"strings"
	"testing"

	"actnow/matcher"
)

func TestPattern(t *testing.T) {
	t.Parallel()
	domain := matcher.Comparison{Field: "domain", Level: "equal", Code: "match.domain.shared", Args: []any{"a.example", 3}}
	tests := []struct {
		name string
		rows []matcher.Comparison
		want string
		says string
	}{
		{name: "nothing compared"},
		{name: "shared domain", rows: []matcher.Comparison{domain, {Field: "name", Level: "alike", Code: "match.name.alike", Args: []any{93}}},
			want: "domain-shared.name-alike.city-missing", says: "same domain, used by several customers; name alike; town missing"},
		{name: "the values do not count", rows: []matcher.Comparison{{Field: "domain", Level: "equal", Code: "match.domain.shared", Args: []any{"b.example", 9}}, {Field: "name", Level: "alike", Code: "match.name.alike", Args: []any{51}}},
			want: "domain-shared.name-alike.city-missing", says: "same domain, used by several customers; name alike; town missing"},
		{name: "the level counts", rows: []matcher.Comparison{domain, {Field: "name", Level: "different", Code: "match.name.alike", Args: []any{44}}, {Field: "city", Level: "equal", Code: "match.city.equal"}},
			want: "domain-shared.name-different.city-equal", says: "same domain, used by several customers; name differs; same city"},
		{name: "a word left over", rows: []matcher.Comparison{domain, {Field: "name", Level: "equal", Code: "match.name.equal"}, {Field: "words", Level: "different", Code: "match.words.account", Args: []any{"hb"}}},
			want: "domain-shared.name-equal.words-different.city-missing", says: "same domain, used by several customers; same name; one name has a word of its own; town missing"},
		{name: "no word left over", rows: []matcher.Comparison{domain, {Field: "name", Level: "equal", Code: "match.name.equal"}, {Field: "words", Level: "equal", Code: "match.words.none"}},
			want: "domain-shared.name-equal.city-missing", says: "same domain, used by several customers; same name; town missing"},
		{name: "held, with rivals", rows: []matcher.Comparison{{Field: "name", Level: "equal", Code: "match.name.core"}, {Field: "country", Level: "different", Code: "match.country.guess.different"},
			{Field: "tpid", Level: "different", Code: "match.tpid.different"}, {Field: "rivals", Code: "match.rivals"}, {Field: "hold", Level: "missing", Code: "match.hold.tpid"}},
			want: "domain-missing.name-core.city-missing.country-different.tpid-different.rivals.hold-tpid",
			says: "no domain to compare; same name but for its spelling or legal form; town missing; country differs; TPID differs; other customers fit too; held for a person because the TPIDs differ"},
		{name: "a code without a sentence", rows: []matcher.Comparison{{Field: "domain", Level: "alike", Code: "match.domain.new"}, {Field: "name", Level: "missing", Code: "match.name.missing"}},
			want: "domain-alike.name-missing.city-missing", says: "similar domains; no name to compare; town missing"},
	}
	for _, tt := range tests {
		t.Run(tt.name, func(t *testing.T) {
			t.Parallel()
			got := matcher.Pattern(tt.rows)
			var says []string
			for _, code := range matcher.PatternCodes(got) {
				for _, s := range matcher.Messages[code] {
					if s == "" || strings.Contains(s, "{") {
						t.Errorf("%s has the sentence %q", code, s)
					}
				}
				says = append(says, matcher.Messages[code][0])
			}
			if got != tt.want || strings.Join(says, "; ") != tt.says {
				t.Errorf("Pattern = %q, %q\nwant %q, %q", got, strings.Join(says, "; "), tt.want, tt.says)
			}
		})
	}
}
