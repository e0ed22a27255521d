package matcher

// weights holds the weight of each term in bits, in the order of the terms.
// They maximise the likelihood of the true customer, or of none, among the
// candidates of each account of labelled sets of research organisations,
// listed companies, colleges and restaurants, each set weighed by the square
// root of its size, under a ridge and with more agreement never weighing less.
// TestFit in fit_test.go makes this file.
var weights = [numTerms]float64{
	0:  -6.439, // start
	1:  13.197, // domain
	2:  10.362, // domain
	3:  9.606,  // domain
	4:  -0.478, // domain
	5:  -0.931, // domain
	6:  -3.377, // domain
	7:  -2.590, // domain
	8:  -5.823, // domain
	9:  -7.642, // domain
	10: 6.956,  // label
	11: 5.135,  // label
	12: 2.995,  // label
	13: -0.386, // label
	14: 1.996,  // name
	15: 1.996,  // name
	16: 3.099,  // name
	17: 3.526,  // name
	18: 3.526,  // name
	19: 5.159,  // name
	20: 5.870,  // name
	21: 1.293,  // name
	22: 2.128,  // name
	23: 4.242,  // name
	24: 4.413,  // name
	25: 4.641,  // name
	26: 4.641,  // name
	27: 4.641,  // name
	28: -0.290, // words
	29: -2.202, // words
	30: -3.319, // words
	31: -3.319, // words
	32: -3.319, // words
	33: 1.161,  // words
	34: -0.265, // words
	35: -0.712, // words
	36: -0.776, // words
	37: -1.351, // words
	38: -1.591, // words
	39: -7.379, // words
	40: -9.478, // words
	41: -9.478, // words
	42: -9.478, // words
	43: -2.399, // name
	44: -1.999, // name
	45: 0.491,  // name
	46: 0.657,  // name
	47: 2.043,  // name
	48: 2.857,  // name
	49: 3.158,  // name
	50: 3.365,  // name
	51: 3.365,  // name
	52: -0.236, // name
	53: 5.340,  // name
	54: 10.744, // name
	55: 0.601,  // legal_form
	56: 0.358,  // legal_form
	57: 0.358,  // legal_form
	58: 2.444,  // city
	59: 0.797,  // city
	60: -5.489, // city
	61: 0.736,  // city
	62: -3.681, // city
	63: -8.504, // city
	64: 2.266,  // postal_code
	65: -3.370, // postal_code
	66: -4.224, // postal_code
	67: 0.868,  // state
	68: -6.152, // state
	69: 1.193,  // country
	70: -8.750, // country
	71: 1.325,  // country
	72: -4.372, // country
	73: 12.655, // tpid
	74: -5.456, // tpid
}
