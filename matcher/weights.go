package matcher

// weights holds the weight of each term in bits, in the order of the terms.
// They maximise the likelihood of the true customer, or of none, among the
// candidates of each account of labelled sets of research organisations,
// listed companies, colleges and restaurants, each set weighed by the square
// root of its size, under a ridge and with more agreement never weighing less;
// they are then scaled so that probabilities hold on a set that was left out
// (Platt, "Probabilistic Outputs for Support Vector Machines", 1999).
// TestFit in fit_test.go makes this file.
var weights = [numTerms]float64{
	0:  -6.759, // start
	1:  10.849, // domain
	2:  8.352,  // domain
	3:  7.909,  // domain
	4:  -0.446, // domain
	5:  -0.778, // domain
	6:  -2.959, // domain
	7:  -2.639, // domain
	8:  -5.278, // domain
	9:  -6.166, // domain
	10: 5.559,  // label
	11: 4.117,  // label
	12: 2.425,  // label
	13: -0.241, // label
	14: 1.086,  // name
	15: 1.153,  // name
	16: 2.617,  // name
	17: 2.940,  // name
	18: 2.940,  // name
	19: 4.628,  // name
	20: 5.879,  // name
	21: -0.760, // name
	22: 0.549,  // name
	23: 2.423,  // name
	24: 2.782,  // name
	25: 3.348,  // name
	26: 3.348,  // name
	27: 3.548,  // name
	28: 1.272,  // words
	29: -0.799, // words
	30: -1.956, // words
	31: -1.956, // words
	32: -1.956, // words
	33: 1.113,  // words
	34: -0.251, // words
	35: -0.726, // words
	36: -1.053, // words
	37: -1.627, // words
	38: 0.340,  // words
	39: -4.750, // words
	40: -5.791, // words
	41: -5.791, // words
	42: -5.791, // words
	43: -1.259, // name
	44: -1.105, // name
	45: 0.307,  // name
	46: 0.520,  // name
	47: 1.404,  // name
	48: 2.144,  // name
	49: 2.514,  // name
	50: 2.514,  // name
	51: 2.514,  // name
	52: -0.080, // name
	53: -0.249, // name
	54: 3.855,  // name
	55: -2.402, // name
	56: 3.866,  // name
	57: -0.404, // name
	58: 0.767,  // legal_form
	59: 0.257,  // legal_form
	60: -0.168, // legal_form
	61: 1.822,  // city
	62: 0.342,  // city
	63: -5.194, // city
	64: 0.746,  // city
	65: -2.881, // city
	66: -6.377, // city
	67: 2.019,  // postal_code
	68: -2.919, // postal_code
	69: -3.831, // postal_code
	70: 0.632,  // state
	71: -4.880, // state
	72: 1.149,  // country
	73: -7.227, // country
	74: 1.289,  // country
	75: -3.069, // country
	76: 10.249, // tpid
	77: -5.129, // tpid
}
