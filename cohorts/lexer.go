package cohorts

import (
	"strings"
	"unicode"
	"unicode/utf8"
)

type tokenKind int

const (
	endToken tokenKind = iota
	wordToken
	textToken   // "…"; its text is what stands between the quotes
	numberToken // 25, 2.5
	daysToken   // 90d
	dateToken   // 2026-11-25
	signToken   // = != < <= > >= ( ) , . + -
)

type token struct {
	kind tokenKind
	text string
	pos  int // byte offset
}

// lexer cuts a filter into tokens.
type lexer struct {
	src string
	pos int
}

// replaced are signs that people try, and what is written instead.
var replaced = []struct{ sign, instead string }{
	{"≥", ">="}, {"≤", "<="}, {"≠", "!="}, {"<>", "!="}, {"==", "="}, {"=>", ">="}, {"=<", "<="},
	{"&&", "and"}, {"&", "and"}, {"||", "or"}, {"|", "or"}, {"'", `"`}, {"`", `"`}, {"“", `"`}, {"”", `"`}, {"’", `"`},
	{"[", "("}, {"]", ")"}, {";", ","},
}

var comments = []string{"--", "/*", "//", "#"}

func (l *lexer) next() (token, *SyntaxError) {
	for l.pos < len(l.src) && strings.ContainsRune(" \t\r\n", rune(l.src[l.pos])) {
		l.pos++
	}
	start, rest := l.pos, l.src[l.pos:]
	if rest == "" {
		return token{kind: endToken, pos: start}, nil
	}
	for _, sign := range comments {
		if strings.HasPrefix(rest, sign) {
			return token{}, l.fail(start, "error.filter_comment", "", sign)
		}
	}
	for _, r := range replaced {
		if strings.HasPrefix(rest, r.sign) {
			return token{}, l.fail(start, "error.filter_sign", r.instead, r.sign)
		}
	}
	if n := signLength(rest); n > 0 {
		return l.take(signToken, n), nil
	}
	first, _ := utf8.DecodeRuneInString(rest)
	switch {
	case first == '"':
		return l.quoted()
	case first >= '0' && first <= '9':
		return l.number()
	case first == '_' || unicode.IsLetter(first):
		return l.take(wordToken, strings.IndexFunc(rest+" ", notWord)), nil
	case first == '!':
		return token{}, l.fail(start, "error.filter_sign", "not", "!")
	case !unicode.IsGraphic(first) || first == utf8.RuneError:
		return token{}, l.fail(start, "error.filter_control", "")
	}
	return token{}, l.fail(start, "error.filter_sign", "", string(first))
}

func (l *lexer) take(kind tokenKind, n int) token {
	t := token{kind: kind, text: l.src[l.pos : l.pos+n], pos: l.pos}
	l.pos += n
	return t
}

func notWord(r rune) bool { return r != '_' && !unicode.IsLetter(r) && !unicode.IsDigit(r) }

// signLength returns the length of the sign at the start of s, or 0.
func signLength(s string) int {
	for _, sign := range []string{"!=", "<=", ">=", "=", "<", ">", "(", ")", ",", ".", "+", "-"} {
		if strings.HasPrefix(s, sign) {
			return len(sign)
		}
	}
	return 0
}

// quoted reads a text in quotation marks; two in a row stand for one.
func (l *lexer) quoted() (token, *SyntaxError) {
	start := l.pos
	var text strings.Builder
	for i := start + 1; i < len(l.src); {
		r, size := utf8.DecodeRuneInString(l.src[i:])
		switch {
		case r == '"' && strings.HasPrefix(l.src[i+1:], `"`):
			text.WriteByte('"')
			i += 2
			continue
		case r == '"':
			l.pos = i + 1
			return token{kind: textToken, text: text.String(), pos: start}, nil
		case r == utf8.RuneError && size == 1, unicode.IsControl(r) && !strings.ContainsRune("\t\r\n", r):
			return token{}, l.fail(i, "error.filter_control", "")
		}
		text.WriteString(l.src[i : i+size])
		i += size
	}
	return token{}, l.fail(start, "error.filter_unclosed", "")
}

// number reads a number, a number of days or a date.
func (l *lexer) number() (token, *SyntaxError) {
	rest := l.src[l.pos:]
	digits := func(from int) int {
		for from < len(rest) && rest[from] >= '0' && rest[from] <= '9' {
			from++
		}
		return from
	}
	kind, n := numberToken, digits(0)
	switch {
	case n == 4 && strings.HasPrefix(rest[n:], "-") && digits(n+1) == n+3 && strings.HasPrefix(rest[n+3:], "-") && digits(n+4) == n+6:
		kind, n = dateToken, n+6
	case strings.HasPrefix(rest[n:], "."):
		if digits(n+1) == n+1 {
			return token{}, l.fail(l.pos, "error.filter_number", "", rest[:n+1])
		}
		n = digits(n + 1)
	case strings.HasPrefix(rest[n:], "d"):
		kind, n = daysToken, n+1
	}
	if next, _ := utf8.DecodeRuneInString(rest[n:]); n < len(rest) && (!notWord(next) || next == '.') {
		return token{}, l.fail(l.pos, "error.filter_number", "", rest[:strings.IndexFunc(rest+" ", func(r rune) bool { return notWord(r) && r != '.' })])
	}
	return l.take(kind, n), nil
}

// fail returns an error at a byte offset.
func (l *lexer) fail(pos int, code, suggestion string, args ...any) *SyntaxError {
	return newError(l.src, pos, code, suggestion, args...)
}
