package matcher

// weights holds the weight of each term in bits.
var weights = [numTerms]float64{
	termPrior:  -8,
	termDomain: 11, termDomainFew: 8, termDomainMany: 5,
	termName + 4: 2, termName + 5: 5, termName + 6: 8,
	termNameSameDomain: -2, termNameSameDomain + 6: 4,
	termTPIDEqual: 10, termTPIDDifferent: -5,
	termCity: 2, termCity + 2: -2,
}
