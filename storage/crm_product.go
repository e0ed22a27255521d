package storage

import (
	"context"
	"database/sql"
	"fmt"
	"strings"
	"unicode"

	"actnow"
)

// productAreas leads from folded product names to areas.
type productAreas map[string]string

// areaOf returns the area of a product: that of the longest entry that it
// contains as words, "" if there is none.
func (a *applier) areaOf(product string) (string, error) {
	if product == "" {
		return "", nil
	}
	if a.areas == nil {
		var err error
		if a.areas, err = readProductAreas(a.tx); err != nil {
			return "", err
		}
	}
	return a.areas.of(product), nil
}

func (p productAreas) of(product string) string {
	folded := productWords(product)
	best, area := 0, ""
	for entry, a := range p {
		words := productWords(entry)
		if len(words) > best && strings.Contains(folded, words) {
			best, area = len(words), a
		}
	}
	return area
}

// productWords folds a text and puts one blank between and around its words, so
// that a part of it is found as whole words.
func productWords(s string) string {
	words := strings.FieldsFunc(fold(s), func(r rune) bool {
		return !unicode.IsLetter(r) && !unicode.IsDigit(r) && r != '+'
	})
	return " " + strings.Join(words, " ") + " "
}

func readProductAreas(tx *sql.Tx) (productAreas, error) {
	rows, err := tx.Query(`SELECT product, area FROM product_areas`)
	if err != nil {
		return nil, err
	}
	defer rows.Close()
	p := productAreas{}
	for rows.Next() {
		var product, area string
		if err := rows.Scan(&product, &area); err != nil {
			return nil, err
		}
		p[product] = area
	}
	return p, rows.Err()
}

// ProductAreas returns the entries that lead from products to areas.
func (db *DB) ProductAreas(ctx context.Context) (map[string]actnow.Area, error) {
	out := map[string]actnow.Area{}
	err := db.read(ctx, func(tx *sql.Tx) error {
		p, err := readProductAreas(tx)
		for product, area := range p {
			out[product] = actnow.Area(area)
		}
		return err
	})
	if err != nil {
		return nil, fmt.Errorf("product areas: %w", err)
	}
	return out, nil
}

// SaveProductArea says that products with these words belong to an area, or,
// with "", takes the entry away, and gives the records that are there their area
// anew. Areas that the CRM names itself stay.
func (db *DB) SaveProductArea(ctx context.Context, by actnow.Actor, product string, area actnow.Area) error {
	product = strings.Join(strings.Fields(fold(product)), " ")
	if productWords(product) == "  " || len(product) > 200 {
		return actnow.Invalid("crm.product", "product", "%q is no product", product)
	}
	if area != "" && !area.Valid() {
		return actnow.Invalid("crm.area", "area", "%s is no solution area", area)
	}
	err := db.write(ctx, func(tx *sql.Tx) error {
		query, args := `DELETE FROM product_areas WHERE product = ?`, []any{product}
		if area != "" {
			query = `INSERT INTO product_areas (product, area) VALUES (?, ?) ON CONFLICT (product) DO UPDATE SET area = excluded.area`
			args = append(args, area)
		}
		if _, err := tx.Exec(query, args...); err != nil {
			return err
		}
		if err := db.deriveAreas(tx); err != nil {
			return err
		}
		return db.audit(tx, by, "product.area", product, map[string]any{"area": area})
	})
	if err != nil {
		return fmt.Errorf("save area of %q: %w", product, err)
	}
	return nil
}

// deriveAreas gives each product that records name its area. There are few
// products and many records, so it works by product.
func (db *DB) deriveAreas(tx *sql.Tx) error {
	a := &applier{tx: tx}
	areas, err := readProductAreas(tx)
	if err != nil {
		return err
	}
	for _, table := range []string{"opportunities", "subscriptions", "transactions"} {
		products, err := a.column(`SELECT DISTINCT product FROM ` + table + ` WHERE product <> ''`)
		if err != nil {
			return err
		}
		for _, p := range products {
			_, err := tx.Exec(`UPDATE `+table+` SET area = ?, updated_at = ?
				WHERE product = ? AND area <> ? AND history NOT LIKE '%"a":true%'`, areas.of(p), db.now().Unix(), p, areas.of(p))
			if err != nil {
				return err
			}
		}
	}
	return nil
}
