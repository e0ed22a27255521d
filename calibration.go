package actnow

// MatchCalibration is how the scores of matching are bent, and by whose word
// since when. The zero Slope is the calibration as shipped.
type MatchCalibration struct {
	Slope   float64 `json:"slope"`
	Offset  float64 `json:"offset"`  // bits
	Answers int     `json:"answers"` // it was fitted to
	By      string  `json:"by"`
	At      int64   `json:"at"` // 0 if nobody ever changed it
}

// Shipped reports whether scores stand as shipped.
func (c MatchCalibration) Shipped() bool { return c.Slope == 0 }
