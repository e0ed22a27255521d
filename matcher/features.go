package matcher

import (
	"math"
	"slices"
	"strings"
)

// feature is a number that the trees look at. Levels are as numbers: missing 0,
// equal 1, alike 2, different 3.
type feature int16

// The features. The trees file names them by number: new ones go to the end,
// and the trees are fitted anew.
const (
	featWeight feature = iota // match weight of the pair in bits
	featLead                  // and how much it is above the best rival's
	featRivals                // rivals less than rivalReach bits below it

	featSim             // share of the bits of both names that is matched
	featCompact         // Jaro-Winkler of the names run together
	featDice            // Dice coefficient of their runs of three characters
	featPrefix          // share of the shorter one that both begin with
	featContained       // its length, if the other holds it
	featAbbreviation    // its length, if it is made of beginnings of the other's words
	featShared          // bits matched
	featSharedRare      // and those beyond what singles out a customer
	featHeaviest        // bits of the heaviest word that both have
	featOddAccount      // bits of the heaviest word that only the account has
	featOddCustomer     // that only the customer has
	featOddAccountRare  // the same as shares of a word found once
	featOddCustomerRare // (both)
	featLackAccount     // bits of all words that only the account has
	featLackCustomer    // that only the customer has
	featCommonAccount   // bits of common words that only the account has
	featCommonCustomer  // that only the customer has
	featWordsAccount    // words of the account's reading
	featWordsCustomer   // of the customer's
	featOddsAccount     // words without a counterpart
	featOddsCustomer    // (both)
	featBitsAccount     // bits of the account's reading
	featBitsCustomer    // of the customer's
	featHead            // 1 if the heaviest word of the account is matched, plus 2 if the customer's is
	featEnds            // 1 if the first words agree, plus 2 if the last do
	featPartial         // 1 if a reading is a part of its name
	featNamesakes       // customers that have the name

	featDomainCustomers // customers that have the domain, 0 if it does not agree
	featDomainAccounts  // accounts that have it
	featHostAccount     // labels of the account's host before its registrable domain, -1 without one
	featHostCustomer    // of the customer's
	featLabel           // what the label of one's domain is to the other's name
	featLabelCustomer   // Jaro-Winkler of the customer's label and the account's name, -1 without one
	featLabelAccount    // and the other way round

	featOwnAccount  // what the label of the account's domain is to its own name: units stand under a larger one's
	featOwnCustomer // and of the customer's
	featSite        // 1 if the domain is that of mail only, plus 2 if the hosts agree

	featLegal
	featCity
	featCityBits // what agreement on the town is worth, -1 without
	featState
	featCountry
	featTPID

	featPostal
	featGuessed          // 1 if a country is that of a domain
	featScripts          // 1 if only one name has Latin letters, plus 2 if only one has others
	featAcronym          // letters, if one name is the initials of the other
	featAcronymCustomers // customers whose initials the account's name is
	featSimLead          // featSim above that of the best rival
	featSharedLead       // featShared above that of the best rival
	featSameText         // 1 if the names are the same text but for case
	featExact            // bits of words that both have in the same spelling
	featSame             // share of featShared that is words that both have in some spelling
	featNumbers          // agreement of numbers
	featCountryWord      // agreement of a country that only one name has with the other's place
	featBrand            // customers that have the account's heaviest word
	featLost             // and the heaviest that only the account has
	featOrdered
	featRareAccount // bits of words that only the account has and that are not common
	featRareCustomer
	featLettersAccount
	featLettersCustomer
	featUnitAccount  // what the account's host says before its domain is to the customer's name
	featUnitCustomer // and the other way round
	featUnitOwn      // and to its own name

	featAccountsNamed    // other accounts that have a name of the customer
	featAccountsBegin    // or one that begins like it
	featAccountsAt       // other accounts at a domain of the customer
	featAccountsID       // that have its TPID
	featNamesakeAccounts // that have the account's name
	featAccountsBrand    // that have the account's heaviest word
	featAccountsTop      // that have the customer's
	featAccountsShared   // that have the heaviest word of both, -1 without one
	featInitials         // letters of a word of one that is the initials of words of the other
	featSlip             // how words differ that are nearly the same
	featPieces           // beginnings of the other's words that a name of one word is made of, 0 if it is not

	numFeatures
)

// features are all numbers of a pair.
type features [numFeatures]float32

// rivalReach is how close in bits a rival counts as one.
const rivalReach = 3

// rivalName is the most that the names of the rivals of a finalist share with
// the account's.
type rivalName struct{ sim, shared float64 }

// features sets x to the numbers of a finalist; lead is what its weight has above
// the best rival's, and rivals how many are close to it.
func (m *matching) features(x *features, a *entity, f *finalist, lead float64, rivals int, rival rivalName, o *others) {
	c, e := &m.index.customers[f.id], &f.e
	n, scale := &e.name, m.index.scale()
	*x = features{
		featWeight: float32(f.score), featLead: float32(lead), featRivals: float32(rivals),
		featDomainCustomers: float32(min(e.domain.shared, 20)), featDomainAccounts: float32(e.domain.accounts),
		featHostAccount: hostDepth(a.web), featHostCustomer: hostDepth(c.web), featLabel: float32(e.label),
		featLabelCustomer: labelLikeness(c, a), featLabelAccount: labelLikeness(a, c),
		featOwnAccount: float32(labelsInName(a.sites(), &a.name)), featOwnCustomer: float32(labelsInName(c.sites(), &c.name)), featSite: flags(e.domain.byMail, e.domain.sameHost),
		featLegal: float32(e.legal), featCity: float32(e.city), featCityBits: -1,
		featState: float32(e.state), featCountry: float32(e.country), featTPID: float32(e.tpid),
		featPostal: float32(e.postal), featGuessed: flags(e.guessed, false),
		featUnitAccount: inHost(a.web, &c.name), featUnitCustomer: inHost(c.web, &a.name), featUnitOwn: inHost(a.web, &a.name),
	}
	if e.city == levelEqual || e.city == levelAlike {
		x[featCityBits] = float32(m.index.cityBits(c))
	}
	o.fill(x, c, n)
	if !n.known {
		return
	}
	x[featSim], x[featCompact] = float32(n.sim), float32(n.compact)
	x[featDice], x[featPrefix] = gramDice(n.a, n.c), prefixShare(n.a.compact, n.c.compact)
	x[featContained], x[featAbbreviation] = containedLength(n.a.compact, n.c.compact), abbreviationLength(n.a, n.c)
	x[featShared], x[featSharedRare] = float32(n.shared), float32(n.shared-scale)
	x[featHeaviest] = float32(n.heaviest)
	x[featOddAccount], x[featOddCustomer] = float32(n.oddA), float32(n.oddC)
	x[featOddAccountRare], x[featOddCustomerRare] = float32(n.oddA/scale), float32(n.oddC/scale)
	x[featLackAccount], x[featLackCustomer] = float32(n.totalA-n.shared), float32(n.totalC-n.shared)
	x[featCommonAccount], x[featCommonCustomer] = commonLack(n.a, n.c), commonLack(n.c, n.a)
	x[featWordsAccount], x[featWordsCustomer] = float32(len(n.a.tokens)), float32(len(n.c.tokens))
	x[featOddsAccount], x[featOddsCustomer] = float32(n.unmatchedA), float32(n.unmatchedC)
	x[featBitsAccount], x[featBitsCustomer] = float32(n.totalA), float32(n.totalC)
	x[featHead], x[featEnds] = flags(n.headA, n.headC), flags(n.first, n.last)
	x[featPartial] = flags(n.partial, false)
	x[featScripts], x[featAcronym] = flags(n.foreign, n.mixed), float32(n.acronym)
	x[featInitials], x[featPieces] = float32(n.initials), float32(pieces(a, c, n))
	if n.acronym > 0 {
		x[featAcronymCustomers] = float32(len(m.index.keys.under(hashKey(armAcronym, n.a.compact))))
	}
	x[featSimLead], x[featSharedLead] = float32(n.sim-rival.sim), float32(n.shared-rival.shared)
	if strings.EqualFold(a.rec.Name, c.rec.Name) {
		x[featSameText] = 1
	}
	l := compareLeftovers(a, c, n.a, n.c, m.index.tokenCount)
	x[featExact], x[featSame] = float32(l.exact), float32(l.same/max(1, n.shared))
	x[featNumbers], x[featCountryWord] = float32(l.numbers), float32(l.country)
	x[featBrand], x[featLost] = float32(min(l.brand, 100)), float32(min(l.lost, 100))
	x[featOrdered] = flags(l.ordered, false)
	x[featRareAccount], x[featRareCustomer] = float32(l.rareA), float32(l.rareC)
	x[featLettersAccount], x[featLettersCustomer] = float32(l.lettersA), float32(l.lettersC)
	x[featSlip] = float32(l.misspelt)
	for i := range c.name.variants {
		x[featNamesakes] = max(x[featNamesakes], float32(len(m.index.keys.under(hashKey(armCompact, c.name.variants[i].compact)))))
	}
}

// flags returns 1 for a plus 2 for b.
func flags(a, b bool) float32 {
	var x float32
	if a {
		x++
	}
	if b {
		x += 2
	}
	return x
}

// scale returns the bits of a word that one customer has.
func (ix *Index) scale() float64 { return math.Log2(float64(ix.size + smoothing)) }

// cityBits returns what agreement on the customer's town is worth.
func (ix *Index) cityBits(c *entity) float64 {
	return math.Log2(float64(ix.size) / float64(max(1, ix.count(hashKey(armCity, joined(c.place.city))))))
}

// hostDepth returns the least number of labels that a record's hosts have
// before their registrable domain, or -1.
func hostDepth(web []site) float32 {
	depth := float32(-1)
	for _, s := range web {
		if s.named() {
			if n := float32(strings.Count(s.host, ".") - strings.Count(s.key, ".")); depth < 0 || n < depth {
				depth = n
			}
		}
	}
	return depth
}

// labelLikeness returns how alike the label of a domain of one record and the
// name of the other run, or -1.
func labelLikeness(sites, named *entity) float32 {
	best := -1.0
	if len(named.name.variants) == 0 {
		return -1
	}
	for _, s := range sites.sites() {
		if s.named() {
			best = max(best, JaroWinkler(s.loose, named.name.variants[0].compact))
		}
	}
	return float32(best)
}

// prefixShare returns which share of the shorter string both begin with.
func prefixShare(x, y string) float32 {
	n, shorter := 0, min(len(x), len(y))
	for n < shorter && x[n] == y[n] {
		n++
	}
	return float32(n) / float32(max(1, shorter))
}

// containedLength returns the length of the shorter string if the other holds
// it and it has three letters, else 0.
func containedLength(x, y string) float32 {
	if len(x) > len(y) {
		x, y = y, x
	}
	if len(x) >= 3 && strings.Contains(y, x) {
		return float32(len(x))
	}
	return 0
}

// gramDice returns Dice's coefficient of the runs of three characters of two
// readings.
func gramDice(x, y *variant) float32 {
	var roomX, roomY [64]uint32
	a, b := appendGrams(roomX[:0], x.compact), appendGrams(roomY[:0], y.compact)
	slices.Sort(a)
	slices.Sort(b)
	both := 0
	for i, j := 0, 0; i < len(a) && j < len(b); {
		switch {
		case a[i] < b[j]:
			i++
		case a[i] > b[j]:
			j++
		default:
			i, j, both = i+1, j+1, both+1
		}
	}
	return 2 * float32(both) / float32(max(1, len(a)+len(b)))
}

// commonLack returns the bits of the words of the vocabulary that x has and y
// lacks: of what kind an organisation is, and where.
func commonLack(x, y *variant) float32 {
	sum := 0.0
	for i := range x.tokens {
		if t := &x.tokens[i]; t.common && !y.hasKey(t.key) {
			sum += t.bits
		}
	}
	return float32(sum)
}

// abbreviationLength returns the length of the name that is made of the
// beginnings of all words of the other ("Contosave" of "Contoso Savings and
// Ventures"), or 0.
func abbreviationLength(x, y *variant) float32 {
	return max(abbreviates(x.compact, y), abbreviates(y.compact, x))
}

// maxAbbreviation caps the letters of an abbreviation, and with them the ways to
// divide it.
const maxAbbreviation = 24

func abbreviates(short string, long *variant) float32 {
	if len(long.tokens) < 2 || len(short) < 3 || len(short) > maxAbbreviation || len(short) >= len(long.compact) {
		return 0
	}
	// reached holds how much of the abbreviation the words so far can make.
	reached := [maxAbbreviation + 1]bool{0: true}
	for i := range long.tokens {
		w := loose(long.tokens[i].written)
		var next [maxAbbreviation + 1]bool
		for at := range len(short) {
			if !reached[at] {
				continue
			}
			for n := 1; n <= len(w) && at+n <= len(short) && w[n-1] == short[at+n-1]; n++ {
				next[at+n] = true
			}
		}
		reached = next
	}
	if reached[len(short)] {
		return float32(len(short))
	}
	return 0
}

// pieces returns of how few beginnings of the words of one name, in their order,
// the other is made if it is a single word ("Keenocean" of "Keen Ocean International
// Ltd", two), or 0 if it is not. Words may be left out, and those of the legal form
// count.
func pieces(a, c *entity, n *nameEvidence) int {
	fewest := 0
	if len(n.a.tokens) == 1 {
		fewest = piecesOf(n.a.tokens[0].written, c.rec.Name)
	}
	if len(n.c.tokens) == 1 {
		if p := piecesOf(n.c.tokens[0].written, a.rec.Name); fewest == 0 || p > 0 && p < fewest {
			fewest = p
		}
	}
	return fewest
}

func piecesOf(short, long string) int {
	if len(short) < 3 || len(short) > maxAbbreviation {
		return 0
	}
	// need holds of how few pieces the words so far can make the beginning of each
	// length, 0 if they cannot.
	var need [maxAbbreviation + 1]int
	for _, w := range words(Fold(long)) {
		next := need
		for at := range len(short) {
			if at > 0 && need[at] == 0 {
				continue
			}
			for n := 1; n <= len(w) && at+n <= len(short) && w[n-1] == short[at+n-1]; n++ {
				if p := need[at] + 1; next[at+n] == 0 || p < next[at+n] {
					next[at+n] = p
				}
			}
		}
		need = next
	}
	return need[len(short)]
}
