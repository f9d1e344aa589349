package tagout

// Home is what one person reads on their own page of the app, the most urgent first.
type Home struct {
	Sections []HomeSection
	Footer   Text
}

// HomeSection is one part of a [Home]. An edge that has no room for all items shows the
// first ones and says how many are left out.
type HomeSection struct {
	Title string
	Items []Message // without titles
	Empty string    // what is said if there are none; "": the section is left out
}

// RoomLink is a bookmark that an incident's channel should have.
type RoomLink struct {
	Title string
	To    Span // of a link or of a message
}

// Bookmark is a link in the header of an incident's channel, as it was put there.
type Bookmark struct {
	ID    string `json:"id,omitempty"` // Slack's; "" if Slack refused it
	Title string `json:"title"`
	URL   string `json:"url"`
}
