package matcher

// weights holds the weight of each term in bits, in the order of the terms.
// They maximise the likelihood of the true customer, or of none, among the
// candidates of each account of labelled sets of research organisations,
// listed companies, colleges and restaurants, each set weighed by the square
// root of its size, under a ridge and with more agreement never weighing less.
// TestFit in fit_test.go makes this file.
var weights = [numTerms]float64{
	0:  -6.806, // start
	1:  12.357, // domain
	2:  9.606,  // domain
	3:  9.106,  // domain
	4:  -0.459, // domain
	5:  -0.834, // domain
	6:  -3.222, // domain
	7:  -2.740, // domain
	8:  -5.594, // domain
	9:  -7.477, // domain
	10: 6.622,  // label
	11: 4.686,  // label
	12: 2.727,  // label
	13: -0.440, // label
	14: 1.609,  // name
	15: 1.609,  // name
	16: 2.608,  // name
	17: 3.114,  // name
	18: 3.114,  // name
	19: 4.871,  // name
	20: 5.497,  // name
	21: 0.943,  // name
	22: 2.391,  // name
	23: 4.467,  // name
	24: 4.845,  // name
	25: 5.259,  // name
	26: 5.259,  // name
	27: 5.259,  // name
	28: 0.898,  // words
	29: -0.993, // words
	30: -2.243, // words
	31: -2.261, // words
	32: -2.261, // words
	33: 0.836,  // words
	34: -0.332, // words
	35: -0.891, // words
	36: -1.445, // words
	37: -1.917, // words
	38: -1.464, // words
	39: -7.791, // words
	40: -9.306, // words
	41: -9.306, // words
	42: -9.306, // words
	43: -2.602, // name
	44: -2.091, // name
	45: 0.269,  // name
	46: 0.336,  // name
	47: 1.636,  // name
	48: 3.261,  // name
	49: 3.589,  // name
	50: 3.589,  // name
	51: 3.589,  // name
	52: -0.113, // name
	53: 0.312,  // name
	54: 4.586,  // name
	55: 4.128,  // name
	56: -0.723, // name
	57: 0.585,  // legal_form
	58: 0.099,  // legal_form
	59: -0.354, // legal_form
	60: 1.965,  // city
	61: 0.848,  // city
	62: -5.169, // city
	63: 0.697,  // city
	64: -3.344, // city
	65: -8.091, // city
	66: 2.364,  // postal_code
	67: -3.086, // postal_code
	68: -4.161, // postal_code
	69: 0.797,  // state
	70: -6.224, // state
	71: 1.088,  // country
	72: -9.852, // country
	73: 1.260,  // country
	74: -3.423, // country
	75: 11.473, // tpid
	76: -5.411, // tpid
}
