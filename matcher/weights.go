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
	0:  -2.076,  // start
	1:  11.507,  // domain of one customer
	2:  9.183,   // domain of two or three
	3:  8.756,   // domain of four or more
	4:  -0.434,  // domain by mail
	5:  -0.727,  // domain with another host
	6:  -2.805,  // domain of four accounts or more
	7:  -2.578,  // domain with another suffix
	8:  -4.995,  // domain conflict
	9:  -6.401,  // domain conflict by mail
	10: 5.615,   // label is the other's name
	11: 3.951,   // label is the other's initials
	12: 2.292,   // label is the other's word
	13: -0.184,  // label is the other's nothing
	14: -0.552,  // share of the names matched: 0
	15: -0.552,  // share of the names matched: 0.4
	16: 0.704,   // share of the names matched: 0.6
	17: 0.845,   // share of the names matched: 0.75
	18: 0.845,   // share of the names matched: 0.85
	19: 2.270,   // share of the names matched: 0.95
	20: 3.066,   // share of the names matched: 1
	21: 2.747,   // share of the names matched, same domain: 0
	22: 3.976,   // share of the names matched, same domain: 0.4
	23: 5.730,   // share of the names matched, same domain: 0.6
	24: 6.124,   // share of the names matched, same domain: 0.75
	25: 6.325,   // share of the names matched, same domain: 0.85
	26: 6.325,   // share of the names matched, same domain: 0.95
	27: 6.325,   // share of the names matched, same domain: 1
	28: -3.092,  // heaviest odd word of the account: 0
	29: -5.347,  // heaviest odd word of the account: 0.25
	30: -6.402,  // heaviest odd word of the account: 0.45
	31: -6.513,  // heaviest odd word of the account: 0.65
	32: -6.513,  // heaviest odd word of the account: 0.9
	33: 1.655,   // heaviest odd word of the customer: 0
	34: 0.209,   // heaviest odd word of the customer: 0.25
	35: -0.266,  // heaviest odd word of the customer: 0.45
	36: -0.599,  // heaviest odd word of the customer: 0.65
	37: -1.166,  // heaviest odd word of the customer: 0.9
	38: -8.594,  // heaviest odd word, same domain: 0
	39: -14.283, // heaviest odd word, same domain: 0.25
	40: -15.832, // heaviest odd word, same domain: 0.45
	41: -15.832, // heaviest odd word, same domain: 0.65
	42: -15.832, // heaviest odd word, same domain: 0.9
	43: -1.071,  // bits matched beyond those of one customer: -8
	44: -0.849,  // bits matched beyond those of one customer: -3
	45: 0.426,   // bits matched beyond those of one customer: 1
	46: 0.732,   // bits matched beyond those of one customer: 6
	47: 1.560,   // bits matched beyond those of one customer: 14
	48: 3.355,   // names run together alike: 0.6
	49: 3.718,   // names run together alike: 0.8
	50: 3.718,   // names run together alike: 0.92
	51: 3.812,   // names run together alike: 1
	52: -0.050,  // name: first word
	53: -0.015,  // name: three initials
	54: 3.924,   // name: four initials or more
	55: -2.440,  // name: a part only
	56: -0.718,  // name: other script
	57: -5.883,  // name: other script, same domain
	58: 0.718,   // legal form equal
	59: 0.238,   // legal form alike
	60: -0.212,  // legal form different
	61: 1.720,   // city equal
	62: 0.353,   // city alike
	63: -4.765,  // city different
	64: 0.605,   // city, same domain equal
	65: -2.925,  // city, same domain alike
	66: -7.416,  // city, same domain different
	67: 1.883,   // postal code equal
	68: -2.720,  // postal code alike
	69: -3.545,  // postal code different
	70: 0.577,   // state equal
	71: -6.249,  // state different
	72: 0.929,   // country equal
	73: -13.161, // country different
	74: 1.053,   // country by the domain equal
	75: -3.135,  // country by the domain different
	76: 9.614,   // TPID equal
	77: -4.799,  // TPID different
}
