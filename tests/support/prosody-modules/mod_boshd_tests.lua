-- For tests only: what Debian's prosody-modules (mod_sasl2, mod_sasl2_bind2, mod_sasl2_fast) take for granted of a newer
-- Prosody than Debian's 0.12.
local st = require "util.stanza";
local datetime = require "util.datetime";
local filters = require "util.filters";

-- They date tokens by a clock with fractions of a second.
if not datetime.boshd_whole_seconds then
	datetime.boshd_whole_seconds = datetime.datetime;
	function datetime.datetime(t)
		return datetime.boshd_whole_seconds(t and math.floor(t));
	end
end

local stanza = getmetatable(st.stanza("x")).__index;
function stanza:get_child_attr(name, xmlns, attribute)
	local child = self:get_child(name, xmlns);
	return child and child.attr[attribute] or nil;
end

-- The address in the client's stream header, which only the newer one keeps: it is read off the wire.
filters.add_filter_hook(function (session)
	filters.add_filter(session, "bytes/in", function (data)
		local header = data and data:match("<stream:stream[^>]*>");
		if header then
			session.boshd_from = header:match("%sfrom='([^']*)'");
		end
		return data;
	end);
end);

module:hook("stream-features", function (event)
	local session = event.origin;
	local conn = session.conn;
	if conn and not conn.ssl_info then
		function conn:ssl_info()
			return self.conn and self.conn.info and self.conn:info() or nil;
		end
	end
	event.stream = { from = session.boshd_from };
end, 1000);

-- Without it the limits of a client that is not logged in (10,000 bytes, few elements) stay for the whole stream.
module:hook("sasl2/c2s/success", function (event)
	module:fire_event("authentication-success", { session = event.session });
end, 900);

-- Prosody 0.12.3 gives the bytes of the new connection to the parser of the old one, which may stand in the middle of a
-- stanza that was cut off.
module:hook("smacks-hibernation-end", function (event)
	event.resumed.data = event.origin.data;
end);
