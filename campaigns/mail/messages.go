package mail

// Messages holds the sentences of this package's errors, English and Swedish,
// by code.
var Messages = map[string][2]string{
	"error.server_url": {
		"The address of the server is wrong ({0}). Write it as {1}://user:password@host:port?tls=mandatory.",
		"Serverns adress är fel ({0}). Skriv den som {1}://user:password@host:port?tls=mandatory.",
	},
	"error.mail_header": {
		"{0} holds a line break or another control character.",
		"{0} innehåller en radbrytning eller ett annat styrtecken.",
	},
	"error.mail_address": {
		"{0} is no mail address.",
		"{0} är ingen e-postadress.",
	},
	"error.message_id": {
		"{0} is no Message-ID.",
		"{0} är inget Message-ID.",
	},
	"error.unsubscribe_url": {
		"The address for unsubscribing is {0} and must begin with https://. One-click unsubscribing works with nothing else.",
		"Adressen för avregistrering är {0} och måste börja med https://. Avregistrering med ett klick fungerar inte annars.",
	},
	"error.mail_image": {
		"The image {0} has no proper name or type.",
		"Bilden {0} saknar riktigt namn eller riktig typ.",
	},
	"error.mail": {
		"The mail cannot be written: {0}.",
		"Mejlet kan inte skrivas: {0}.",
	},
	"error.mailbox_listen": {
		"The built-in mailbox listens on this machine alone, not on {0}.",
		"Den inbyggda brevlådan lyssnar bara på den här datorn, inte på {0}.",
	},
	"error.plain_password": {
		"The password would go to {0} unencrypted. Use tls=mandatory or tls=implicit.",
		"Lösenordet skulle skickas okrypterat till {0}. Använd tls=mandatory eller tls=implicit.",
	},
}
