// Package web is the face of Act Now: the pages, the API and the public
// endpoints, as Echo handlers over interfaces that the store satisfies.
//
// A page is one Go file with its struct and handlers, one template, and its
// sentences in locales. It works without JavaScript; htmx makes it quicker.
package web
