package matcher

// weights holds the weight of each term in bits, in the order of the terms.
// They maximise the likelihood of the true customer, or of none, among the
// candidates of each account of labelled sets of research organisations,
// listed companies, colleges and restaurants, each set weighed by the square
// root of its size, under a ridge and with more agreement never weighing less;
// they are then scaled so that probabilities hold on a set that was left out
// (Platt, "Probabilistic Outputs for Support Vector Machines", 1999), and so
// that band match of each such set is right in 99 of 100 cases.
// TestFit in fit_test.go makes this file.
var weights = [numTerms]float64{
	0:  -4.093,  // start
	1:  11.153,  // domain
	2:  8.830,   // domain
	3:  8.409,   // domain
	4:  -0.436,  // domain
	5:  -0.733,  // domain
	6:  -2.816,  // domain
	7:  -2.558,  // domain
	8:  -4.993,  // domain
	9:  -6.400,  // domain
	10: 5.617,   // label
	11: 3.957,   // label
	12: 2.294,   // label
	13: -0.182,  // label
	14: 0.210,   // name
	15: 0.210,   // name
	16: 1.470,   // name
	17: 1.619,   // name
	18: 1.619,   // name
	19: 3.032,   // name
	20: 3.818,   // name
	21: 1.600,   // name
	22: 2.831,   // name
	23: 4.596,   // name
	24: 4.960,   // name
	25: 5.353,   // name
	26: 5.353,   // name
	27: 5.353,   // name
	28: -1.194,  // words
	29: -3.446,  // words
	30: -4.505,  // words
	31: -4.601,  // words
	32: -4.601,  // words
	33: 1.585,   // words
	34: 0.142,   // words
	35: -0.332,  // words
	36: -0.664,  // words
	37: -1.231,  // words
	38: -4.752,  // words
	39: -10.427, // words
	40: -11.676, // words
	41: -11.676, // words
	42: -11.676, // words
	43: -1.038,  // name
	44: -0.814,  // name
	45: 0.461,   // name
	46: 0.764,   // name
	47: 1.592,   // name
	48: 2.730,   // name
	49: 3.089,   // name
	50: 3.089,   // name
	51: 3.209,   // name
	52: -0.050,  // name
	53: -0.012,  // name
	54: 3.932,   // name
	55: -2.433,  // name
	56: 1.237,   // name
	57: -3.533,  // name
	58: 0.717,   // legal_form
	59: 0.237,   // legal_form
	60: -0.203,  // legal_form
	61: 1.723,   // city
	62: 0.358,   // city
	63: -4.760,  // city
	64: 0.598,   // city
	65: -2.891,  // city
	66: -7.338,  // city
	67: 1.882,   // postal_code
	68: -2.715,  // postal_code
	69: -3.539,  // postal_code
	70: 0.575,   // state
	71: -6.244,  // state
	72: 0.926,   // country
	73: -13.066, // country
	74: 1.049,   // country
	75: -3.120,  // country
	76: 9.617,   // tpid
	77: -4.799,  // tpid
}
