package sandbox

// scopes returns a method's scopes when any one of them will do.
func scopes(any ...string) func(*call) []string {
	return func(*call) []string { return any }
}

// byKind returns the scope that fits the kind of channel that the call names.
func (s *Sandbox) byKind(verb string) func(*call) []string {
	return func(c *call) []string {
		ch := s.channelLocked(c.arg("channel"))
		switch {
		case ch != nil && ch.IsIM:
			return []string{"im:" + verb}
		case ch != nil && ch.IsMPIM:
			return []string{"mpim:" + verb}
		case ch != nil && ch.IsPrivate, ch == nil && c.flag("is_private"):
			return []string{"groups:" + verb}
		case verb == "write":
			return []string{"channels:manage"}
		}
		return []string{"channels:" + verb}
	}
}

// webMethods lists every Web API method that the workspace answers.
func (s *Sandbox) webMethods() map[string]method {
	chat := scopes("chat:write")
	return map[string]method{
		"api.test":              {open: true, run: s.apiTest},
		"auth.test":             {run: s.authTest},
		"apps.connections.open": {app: true, tier: tier1, run: s.connectionsOpen},
		"team.info":             {tier: tier3, scopes: scopes("team:read"), run: s.teamInfo},

		"chat.postMessage":   {scopes: chat, run: s.chatPostMessage},
		"chat.postEphemeral": {tier: tier4, scopes: chat, run: s.chatPostEphemeral},
		"chat.update":        {tier: tier3, scopes: chat, run: s.chatUpdate},
		"chat.delete":        {tier: tier3, scopes: chat, run: s.chatDelete},
		"chat.getPermalink":  {run: s.chatGetPermalink},

		"conversations.create":     {tier: tier2, scopes: s.byKind("write"), run: s.conversationsCreate},
		"conversations.invite":     {tier: tier3, scopes: s.byKind("write"), run: s.conversationsInvite},
		"conversations.kick":       {tier: tier3, scopes: s.byKind("write"), run: s.conversationsKick},
		"conversations.leave":      {tier: tier3, scopes: s.byKind("write"), run: s.conversationsLeave},
		"conversations.info":       {tier: tier3, scopes: s.byKind("read"), run: s.conversationsInfo},
		"conversations.list":       {tier: tier2, scopes: scopes("channels:read", "groups:read", "im:read"), run: s.conversationsList},
		"conversations.join":       {tier: tier3, scopes: scopes("channels:join"), run: s.conversationsJoin},
		"conversations.open":       {tier: tier3, scopes: scopes("im:write", "mpim:write"), run: s.conversationsOpen},
		"conversations.setTopic":   {tier: tier2, scopes: s.byKind("write"), run: s.conversationsSetTopic},
		"conversations.setPurpose": {tier: tier2, scopes: s.byKind("write"), run: s.conversationsSetPurpose},
		"conversations.archive":    {tier: tier2, scopes: s.byKind("write"), run: s.conversationsArchive},
		"conversations.unarchive":  {tier: tier2, scopes: s.byKind("write"), run: s.conversationsUnarchive},
		"conversations.rename":     {tier: tier2, scopes: s.byKind("write"), run: s.conversationsRename},
		"conversations.history":    {tier: tier3, scopes: s.byKind("history"), run: s.conversationsHistory},
		"conversations.replies":    {tier: tier3, scopes: s.byKind("history"), run: s.conversationsReplies},
		"conversations.members":    {tier: tier4, scopes: s.byKind("read"), run: s.conversationsMembers},
		"users.conversations":      {tier: tier3, scopes: scopes("channels:read", "groups:read", "im:read"), run: s.usersConversations},

		"users.info":            {tier: tier4, scopes: scopes("users:read"), run: s.usersInfo},
		"users.list":            {tier: tier2, scopes: scopes("users:read"), run: s.usersList},
		"users.lookupByEmail":   {tier: tier3, scopes: scopes("users:read.email"), run: s.usersLookupByEmail},
		"bots.info":             {tier: tier3, scopes: scopes("users:read"), run: s.botsInfo},
		"usergroups.list":       {tier: tier2, scopes: scopes("usergroups:read"), run: s.usergroupsList},
		"usergroups.users.list": {tier: tier2, scopes: scopes("usergroups:read"), run: s.usergroupsUsersList},

		"pins.add":         {tier: tier2, scopes: scopes("pins:write"), run: s.pinsAdd},
		"pins.remove":      {tier: tier2, scopes: scopes("pins:write"), run: s.pinsRemove},
		"pins.list":        {tier: tier2, scopes: scopes("pins:read"), run: s.pinsList},
		"bookmarks.add":    {tier: tier2, scopes: scopes("bookmarks:write"), run: s.bookmarksAdd},
		"bookmarks.edit":   {tier: tier2, scopes: scopes("bookmarks:write"), run: s.bookmarksEdit},
		"bookmarks.list":   {tier: tier3, scopes: scopes("bookmarks:read"), run: s.bookmarksList},
		"bookmarks.remove": {tier: tier2, scopes: scopes("bookmarks:write"), run: s.bookmarksRemove},
		"reactions.add":    {tier: tier3, scopes: scopes("reactions:write"), run: s.reactionsAdd},
		"reactions.remove": {tier: tier3, scopes: scopes("reactions:write"), run: s.reactionsRemove},

		"views.open":    {tier: tier4, run: s.viewsOpen},
		"views.push":    {tier: tier4, run: s.viewsPush},
		"views.update":  {tier: tier4, run: s.viewsUpdate},
		"views.publish": {tier: tier4, run: s.viewsPublish},

		"files.getUploadURLExternal":   {tier: tier4, scopes: scopes("files:write"), run: s.filesGetUploadURL},
		"files.completeUploadExternal": {tier: tier4, scopes: scopes("files:write"), run: s.filesCompleteUpload},
	}
}

func (s *Sandbox) apiTest(c *call) (obj, error) {
	args := obj{}
	for k, v := range c.args {
		args[k] = v
	}
	if code := c.arg("error"); code != "" {
		return nil, &apiError{code: code, extra: obj{"args": args}}
	}
	return obj{"args": args}, nil
}

func (s *Sandbox) authTest(*call) (obj, error) {
	bot, _ := s.userLocked(BotUserID)
	return obj{
		"url": "https://" + TeamDomain + ".slack.com/", "team": TeamName, "team_id": TeamID,
		"user": bot.Name, "user_id": BotUserID, "bot_id": BotID, "is_enterprise_install": false,
	}, nil
}

func (s *Sandbox) teamInfo(*call) (obj, error) {
	return obj{"team": obj{"id": TeamID, "name": TeamName, "domain": TeamDomain, "email_domain": "example.com"}}, nil
}
