package cohorts

import (
	"slices"
	"strconv"
	"strings"
	"time"
	"unicode/utf8"
)

// Limits of a filter.
const (
	MaxLength = 4096 // bytes
	MaxDepth  = 20   // brackets and nots inside each other
	MaxRaw    = 20   // comparisons with kept columns, each of which reads whole reports
	MaxDays   = 36500
	maxNumber = 1e15
)

// Parse reads a filter:
//
//	area = m365 and cluster in ("Act Now", "Evaluate") and org_size >= 25
//	and not (country = "Sweden" and industry contains "public")
//
// Relations are = != < <= > >= in, not in, contains, starts with, is empty; and
// binds closer than or. Fields are those of Fields, without regard to case, and
// raw."Any Header". Texts stand in quotation marks, doubled to stand for
// themselves; values of a list and yes or no may stand bare; days are
// "2026-11-25", today, today + 90d. An empty value equals nothing and is on no
// list, so != and not in hold for it.
//
// The error is a *SyntaxError.
func Parse(text string) (Expr, error) {
	p := parser{lexer: lexer{src: text}}
	if len(text) > MaxLength {
		return nil, p.fail(MaxLength, "error.filter_long", "", MaxLength)
	}
	e, err := p.parse()
	if err != nil {
		return nil, err
	}
	return e, nil
}

// parser holds the token to be read next. Its methods return *SyntaxError, so
// that a nil of that type never becomes an error that is not nil.
type parser struct {
	lexer
	tok token
	raw int // comparisons with kept columns so far
}

func (p *parser) parse() (Expr, *SyntaxError) {
	if err := p.advance(); err != nil {
		return nil, err
	}
	if p.tok.kind == endToken {
		return nil, p.fail(p.tok.pos, "error.filter_empty", "")
	}
	e, err := p.or(0)
	if err != nil {
		return nil, err
	}
	switch {
	case p.tok.kind == endToken:
		return e, nil
	case p.isSign(")"):
		return nil, p.failHere("error.filter_bracket_extra", "")
	}
	return nil, p.failHere("error.filter_and_or", joinSynonyms[strings.ToLower(p.tok.text)], p.tok.text)
}

var joinSynonyms = map[string]string{",": "and", "och": "and", "eller": "or", "plus": "and"}

func (p *parser) advance() (err *SyntaxError) {
	p.tok, err = p.lexer.next()
	return err
}

func (p *parser) failHere(code, suggestion string, args ...any) *SyntaxError {
	return p.fail(p.tok.pos, code, suggestion, args...)
}

func (p *parser) isWord(word string) bool {
	return p.tok.kind == wordToken && strings.EqualFold(p.tok.text, word)
}

func (p *parser) isSign(sign string) bool { return p.tok.kind == signToken && p.tok.text == sign }

func (p *parser) or(depth int) (Expr, *SyntaxError) {
	var terms []Expr
	for {
		e, err := p.and(depth)
		if err != nil {
			return nil, err
		}
		if o, ok := e.(Or); ok {
			terms = append(terms, o.Terms...)
		} else {
			terms = append(terms, e)
		}
		if !p.isWord("or") {
			break
		}
		if err := p.advance(); err != nil {
			return nil, err
		}
	}
	if len(terms) == 1 {
		return terms[0], nil
	}
	return Or{Terms: terms}, nil
}

func (p *parser) and(depth int) (Expr, *SyntaxError) {
	var terms []Expr
	for {
		e, err := p.term(depth)
		if err != nil {
			return nil, err
		}
		if a, ok := e.(And); ok {
			terms = append(terms, a.Terms...)
		} else {
			terms = append(terms, e)
		}
		if !p.isWord("and") {
			break
		}
		if err := p.advance(); err != nil {
			return nil, err
		}
	}
	if len(terms) == 1 {
		return terms[0], nil
	}
	return And{Terms: terms}, nil
}

// term reads a comparison, one in brackets, or not and a term.
func (p *parser) term(depth int) (Expr, *SyntaxError) {
	not, open := p.isWord("not"), p.isSign("(")
	if !not && !open {
		return p.compare()
	}
	if depth == MaxDepth {
		return nil, p.failHere("error.filter_deep", "", MaxDepth)
	}
	if err := p.advance(); err != nil {
		return nil, err
	}
	if not {
		if p.isWord("in") {
			return nil, p.failHere("error.filter_field_missing", "", p.tok.text)
		}
		e, err := p.term(depth + 1)
		if err != nil {
			return nil, err
		}
		return Not{Term: e}, nil
	}
	e, err := p.or(depth + 1)
	if err != nil {
		return nil, err
	}
	if !p.isSign(")") {
		return nil, p.failHere("error.filter_bracket", ")")
	}
	return e, p.advance()
}

func (p *parser) compare() (Expr, *SyntaxError) {
	field, info, err := p.field()
	if err != nil {
		return nil, err
	}
	opPos := p.tok.pos
	op, err := p.operator(field, info)
	if err != nil {
		return nil, err
	}
	if !field.Kind.Allows(op) {
		return nil, p.fail(opPos, "error.filter_operator_kind", "", string(op), fieldName(field), strings.Join(opWords(field.Kind), " "))
	}
	c := Compare{Field: field, Op: op}
	switch op {
	case IsEmpty:
	case In, NotIn:
		c.Values, err = p.list(field, info)
	default:
		var v Value
		v, err = p.value(field, info)
		c.Values = []Value{v}
	}
	if err != nil {
		return nil, err
	}
	return c, nil
}

func opWords(k FieldKind) []string {
	words := make([]string, 0, 12)
	for _, op := range k.operators() {
		words = append(words, string(op)+",")
	}
	words[len(words)-1] = strings.TrimSuffix(words[len(words)-1], ",")
	return words
}

func fieldName(f Field) string {
	if f.Name == "raw" {
		return "raw." + quote(f.Raw)
	}
	return f.Name
}

// field reads the name of a field.
func (p *parser) field() (Field, FieldInfo, *SyntaxError) {
	if p.tok.kind != wordToken {
		if p.tok.kind == endToken {
			return Field{}, FieldInfo{}, p.failHere("error.filter_ends", "")
		}
		return Field{}, FieldInfo{}, p.failHere("error.filter_field_missing", "", p.shown())
	}
	if slices.Contains([]string{"and", "or", "in", "is", "contains", "starts"}, strings.ToLower(p.tok.text)) {
		return Field{}, FieldInfo{}, p.failHere("error.filter_field_missing", "", p.tok.text)
	}
	if p.isWord("raw") {
		return p.rawField()
	}
	info, ok := Info(p.tok.text)
	if !ok {
		return Field{}, FieldInfo{}, p.failHere("error.filter_field", suggestField(p.tok.text), p.shown())
	}
	if err := p.advance(); err != nil {
		return Field{}, FieldInfo{}, err
	}
	if p.isSign(".") {
		return Field{}, FieldInfo{}, p.failHere("error.filter_path", "", info.Name)
	}
	return Field{Name: info.Name, Kind: info.Kind}, info, nil
}

// rawField reads raw."Header".
func (p *parser) rawField() (Field, FieldInfo, *SyntaxError) {
	none := FieldInfo{}
	if p.raw++; p.raw > MaxRaw {
		return Field{}, none, p.failHere("error.filter_raw_many", "", MaxRaw)
	}
	if err := p.advance(); err != nil {
		return Field{}, none, err
	}
	if !p.isSign(".") {
		return Field{}, none, p.failHere("error.filter_raw", `raw."Header"`)
	}
	if err := p.advance(); err != nil {
		return Field{}, none, err
	}
	if p.tok.kind != textToken || strings.TrimSpace(p.tok.text) == "" {
		return Field{}, none, p.failHere("error.filter_raw", `raw."Header"`)
	}
	f := Field{Name: "raw", Raw: p.tok.text, Kind: Text}
	return f, none, p.advance()
}

// shown returns the present token for a message, cut if it is long.
func (p *parser) shown() string {
	text := p.tok.text
	if len(text) > 40 {
		text = strings.ToValidUTF8(text[:40], "") + "…"
	}
	return text
}

// operator reads a relation.
func (p *parser) operator(f Field, info FieldInfo) (Op, *SyntaxError) {
	if p.tok.kind == signToken {
		if op := Op(p.tok.text); slices.Contains([]Op{Eq, Ne, Lt, Le, Gt, Ge}, op) {
			return op, p.advance()
		}
		return "", p.failHere("error.filter_operator", "", p.tok.text)
	}
	if p.tok.kind != wordToken {
		suggestion := ""
		if f.Kind == YesNo {
			suggestion = f.Name + " = yes"
		}
		return "", p.failHere("error.filter_no_comparison", suggestion, fieldName(f))
	}
	word, start := strings.ToLower(p.tok.text), p.tok.pos
	shown := p.shown()
	if err := p.advance(); err != nil {
		return "", err
	}
	switch {
	case word == "in":
		return In, nil
	case word == "contains":
		return Contains, nil
	case word == "not" && p.isWord("in"):
		return NotIn, p.advance()
	case word == "starts" && p.isWord("with"):
		return StartsWith, p.advance()
	case word == "is" && p.isWord("empty"):
		return IsEmpty, p.advance()
	case word == "and" || word == "or":
		return "", p.fail(start, "error.filter_no_comparison", "", fieldName(f))
	case word == "is" && p.isWord("not"):
		return "", p.fail(start, "error.filter_operator", "not "+fieldName(f)+" is empty", "is not")
	case word == "not":
		return "", p.fail(start, "error.filter_operator", "not in", shown)
	case word == "is" && p.tok.kind == endToken:
		return "", p.fail(p.tok.pos, "error.filter_ends", "is empty")
	}
	suggestion, ok := opSynonyms[word]
	if !ok {
		suggestion = nearest(word, []string{"in", "contains", "starts with", "is empty", "and", "or"})
	}
	return "", p.fail(start, "error.filter_operator", suggestion, shown)
}

// opSynonyms are words that people try, and the relations they mean.
var opSynonyms = map[string]string{
	"like": "contains", "ilike": "contains", "includes": "contains", "has": "contains", "contain": "contains", "innehåller": "contains",
	"startswith": "starts with", "starts": "starts with", "begins": "starts with", "prefix": "starts with", "börjar": "starts with",
	"is": "=", "equals": "=", "equal": "=", "eq": "=", "ne": "!=", "gt": ">", "ge": ">=", "gte": ">=", "lt": "<", "le": "<=", "lte": "<=",
	"between": ">= … and … <=", "isnull": "is empty", "empty": "is empty", "any": "in",
}

// list reads values in brackets.
func (p *parser) list(f Field, info FieldInfo) ([]Value, *SyntaxError) {
	if !p.isSign("(") {
		return nil, p.failHere("error.filter_list", "(")
	}
	var values []Value
	for {
		if err := p.advance(); err != nil { // the bracket or the comma
			return nil, err
		}
		v, err := p.value(f, info)
		if err != nil {
			return nil, err
		}
		values = append(values, v)
		switch {
		case p.isSign(")"):
			return values, p.advance()
		case !p.isSign(","):
			return nil, p.failHere("error.filter_list_next", ",")
		}
	}
}

// value reads a value that suits the field.
func (p *parser) value(f Field, info FieldInfo) (Value, *SyntaxError) {
	if p.tok.kind == endToken {
		return Value{}, p.failHere("error.filter_ends", "")
	}
	switch f.Kind {
	case Number:
		return p.number(f)
	case Day:
		return p.day(f)
	}
	if p.tok.kind != textToken && p.tok.kind != wordToken && p.tok.kind != numberToken {
		return Value{}, p.failHere("error.filter_value", "", p.shown())
	}
	text := p.tok.text
	var v Value
	switch f.Kind {
	case YesNo:
		switch strings.ToLower(text) {
		case "yes", "true", "ja":
			v.Yes = true
		case "no", "false", "nej":
		default:
			return Value{}, p.failHere("error.filter_yesno", "yes", f.Name)
		}
	case Choice:
		choice, ok := info.choice(text)
		if !ok {
			return Value{}, p.failHere("error.filter_choice", nearest(strings.ToLower(text), info.Choices), p.shown(), f.Name, strings.Join(info.Choices, ", "))
		}
		v.Text = choice
	case Month:
		if t, err := time.Parse("2006-01", text); err != nil || t.Year() < 2000 || p.tok.kind != textToken {
			return Value{}, p.failHere("error.filter_month", "", p.shown())
		}
		v.Text = text
	default:
		if p.tok.kind != textToken {
			return Value{}, p.failHere("error.filter_quotes", quote(text), p.shown())
		}
		v.Text = text
	}
	return v, p.advance()
}

func (p *parser) number(f Field) (Value, *SyntaxError) {
	negative := p.isSign("-")
	if negative {
		if err := p.advance(); err != nil {
			return Value{}, err
		}
	}
	if p.tok.kind != numberToken {
		suggestion := ""
		if _, err := strconv.ParseFloat(p.tok.text, 64); err == nil && p.tok.kind == textToken {
			suggestion = p.tok.text
		}
		return Value{}, p.failHere("error.filter_number", suggestion, p.shown())
	}
	n, err := strconv.ParseFloat(p.tok.text, 64)
	if err != nil || n > maxNumber {
		return Value{}, p.failHere("error.filter_number_large", "", p.shown())
	}
	if negative {
		n = -n
	}
	if err := p.advance(); err != nil {
		return Value{}, err
	}
	if p.isSign("+") || p.isSign("-") {
		return Value{}, p.failHere("error.filter_arithmetic", "", f.Name)
	}
	if n == 0 {
		n = 0 // -0 is 0
	}
	return Value{Number: n}, nil
}

// day reads "2026-11-25", 2026-11-25, today, today + 90d or today - 30d.
func (p *parser) day(f Field) (Value, *SyntaxError) {
	if p.tok.kind == textToken || p.tok.kind == dateToken {
		day, err := time.Parse("2006-01-02", p.tok.text)
		if err != nil || day.Year() < 1900 || day.Year() > 2200 {
			return Value{}, p.failHere("error.filter_day", "", p.shown())
		}
		return Value{Day: day}, p.advance()
	}
	if !p.isWord("today") {
		return Value{}, p.failHere("error.filter_day", "", p.shown())
	}
	if err := p.advance(); err != nil {
		return Value{}, err
	}
	v := Value{Relative: true}
	back := p.isSign("-")
	if !back && !p.isSign("+") {
		return v, nil
	}
	if err := p.advance(); err != nil {
		return Value{}, err
	}
	if p.tok.kind != daysToken {
		return Value{}, p.failHere("error.filter_days", "90d")
	}
	n, err := strconv.Atoi(strings.TrimSuffix(p.tok.text, "d"))
	if err != nil || n > MaxDays {
		return Value{}, p.failHere("error.filter_days_many", "", MaxDays)
	}
	if v.Days = n; back {
		v.Days = -n
	}
	return v, p.advance()
}

// quote writes a text as a filter does.
func quote(s string) string {
	if !utf8.ValidString(s) {
		s = strings.ToValidUTF8(s, "")
	}
	return `"` + strings.ReplaceAll(s, `"`, `""`) + `"`
}
