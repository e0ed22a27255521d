package main

type place struct {
	city, state, country string
	postal, location     int
}

// location is the partner's office that serves the place: 0 Stockholm, 1 Malmö,
// 2 Oslo.
var places = []place{
	{"Stockholm", "Stockholms län", "Sweden", 111, 0}, {"Stockholm", "Stockholms län", "Sweden", 112, 0},
	{"Uppsala", "Uppsala län", "Sweden", 752, 0}, {"Västerås", "Västmanlands län", "Sweden", 722, 0},
	{"Örebro", "Örebro län", "Sweden", 702, 0}, {"Gävle", "Gävleborgs län", "Sweden", 802, 0},
	{"Umeå", "Västerbottens län", "Sweden", 903, 0}, {"Luleå", "Norrbottens län", "Sweden", 972, 0},
	{"Malmö", "Skåne län", "Sweden", 211, 1}, {"Lund", "Skåne län", "Sweden", 222, 1},
	{"Helsingborg", "Skåne län", "Sweden", 252, 1}, {"Göteborg", "Västra Götalands län", "Sweden", 411, 1},
	{"Göteborg", "Västra Götalands län", "Sweden", 413, 1}, {"Borås", "Västra Götalands län", "Sweden", 503, 1},
	{"Jönköping", "Jönköpings län", "Sweden", 553, 1}, {"Växjö", "Kronobergs län", "Sweden", 352, 1},
	{"Oslo", "Oslo", "Norway", 150, 2}, {"Bergen", "Vestland", "Norway", 5010, 2},
	{"Trondheim", "Trøndelag", "Norway", 7010, 2}, {"Stavanger", "Rogaland", "Norway", 4005, 2},
	{"København", "Hovedstaden", "Denmark", 2100, 1}, {"Aarhus", "Midtjylland", "Denmark", 8000, 1},
}

var forms = map[string][]string{
	"Sweden":  {"AB", "AB", "AB", "AB (publ)", "HB", "Ek. för."},
	"Norway":  {"AS", "AS", "AS", "ASA"},
	"Denmark": {"A/S", "ApS", "ApS"},
}

var stems = []string{
	"Alm", "Berg", "Björk", "Blå", "Bro", "Dal", "Ek", "Eld", "Fjäll", "Fors", "Furu", "Glim", "Gran", "Grå", "Häll", "Hav",
	"Is", "Järn", "Kall", "Klar", "Kvarn", "Lind", "Ljus", "Lö", "Mell", "Mol", "Mörk", "Nord", "Ny", "Ost", "Ros", "Röd",
	"Sand", "Sjö", "Skog", "Snö", "Sol", "Sten", "Storm", "Strand", "Sund", "Syd", "Tall", "Tjärn", "Torp", "Ul", "Vik", "Vind", "Väst", "Älv", "Äng", "Ö",
}

var endings = []string{
	"backa", "berga", "borg", "bruk", "by", "dal", "fall", "gård", "hamn", "hed", "holm", "hult", "kulla", "land", "lid",
	"lund", "mark", "näs", "rum", "sala", "sjö", "skär", "stad", "sta", "ström", "torp", "udde", "vik", "vall", "å",
}

type trade struct {
	industry, vertical string
	words              []string
}

var trades = []trade{
	{"Manufacturing", "Discrete Manufacturing", []string{"Mekaniska", "Verkstad", "Industri", "Verktyg", "Plåt"}},
	{"Manufacturing", "Process Manufacturing", []string{"Kemi", "Papper", "Livsmedel", "Bryggeri"}},
	{"Construction", "Engineering and Construction", []string{"Bygg", "Entreprenad", "Anläggning", "Betong", "El"}},
	{"Professional Services", "Legal and Accounting", []string{"Revision", "Juridik", "Redovisning", "Advokatbyrå"}},
	{"Professional Services", "Consulting", []string{"Konsult", "Partner", "Rådgivning", "Arkitekter"}},
	{"Retail", "Specialty Retail", []string{"Handel", "Sport", "Möbler", "Trädgård", "Mode"}},
	{"Wholesale", "Distribution", []string{"Grossist", "Import", "Lager", "Parti"}},
	{"Transportation", "Logistics", []string{"Åkeri", "Logistik", "Frakt", "Spedition"}},
	{"Health", "Providers", []string{"Vård", "Tandvård", "Rehab", "Omsorg"}},
	{"Education", "Higher Education", []string{"Utbildning", "Akademi", "Skola"}},
	{"Public Sector", "Local Government", []string{"Energi", "Vatten", "Fastigheter"}},
	{"Media", "Publishing", []string{"Media", "Förlag", "Tryck", "Film"}},
	{"Hospitality", "Hotels and Restaurants", []string{"Hotell", "Restaurang", "Konferens"}},
	{"Financial Services", "Insurance", []string{"Försäkring", "Kapital", "Finans"}},
}

var given = []string{
	"Anna", "Elin", "Maria", "Karin", "Sara", "Ida", "Lena", "Åsa", "Eva", "Nora", "Ingrid", "Mette", "Kari", "Sofie",
	"Erik", "Lars", "Johan", "Anders", "Per", "Jonas", "Nils", "Ole", "Magnus", "Björn", "Henrik", "Søren", "Ali", "Omar", "Mei", "Luca",
}

var family = []string{
	"Andersson", "Johansson", "Karlsson", "Nilsson", "Eriksson", "Larsson", "Olsson", "Persson", "Svensson", "Lindqvist",
	"Åkerlund", "Öberg", "Sjöberg", "Hansen", "Olsen", "Berg", "Dahl", "Haugen", "Jensen", "Nielsen", "Holm", "Lund", "Ek", "Ström", "Hassan", "Wong", "Rossi",
}

type post struct{ title, role string }

var posts = []post{
	{"IT manager", "it"}, {"CIO", "it"}, {"IT-chef", "it"}, {"Systemansvarig", "it"}, {"CFO", "finance"}, {"Ekonomichef", "finance"},
	{"VD", "management"}, {"CEO", "management"}, {"Inköpschef", "purchasing"}, {"Marketing manager", "marketing"},
}

var owners = [][2]string{
	{"Jonas Åkerlund", "jonas.akerlund@nordvikdata.example"}, {"Mette Holm", "mette.holm@nordvikdata.example"},
	{"Kari Haugen", "kari.haugen@nordvikdata.example"}, {"Omar Hassan", "omar.hassan@nordvikdata.example"},
}

var locations = [][2]string{{"4521001", "Nordvik Data Stockholm"}, {"4521002", "Nordvik Data Malmö"}, {"4521003", "Nordvik Data Oslo"}}
