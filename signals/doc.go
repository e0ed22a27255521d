// Package signals is the room for buying signals of the customers' domains:
// DNS, site technology, feeds, job adverts, own engagement. No source is built
// yet; scoring reads what reports and the CRM say.
package signals
