package dev.parley.signaling;

import dev.parley.signaling.Firewall.Rules;
import dev.parley.websocket.MessageException;
import java.util.HashSet;
import java.util.Locale;
import java.util.Set;
import org.jspecify.annotations.Nullable;

/**
 * A description of a session, <a href="https://www.rfc-editor.org/rfc/rfc8866#section-5">RFC 8866 section 5</a>, as WebRTC has it
 * (RFC 8829): its lines are read one by one, and written with what the rules let through.
 *
 * <pre>{@code
 * v=0                                 the version
 * o=- 4962303333179871722 2 IN IP4 127.0.0.1
 * s=-                                 the name
 * t=0 0                               when: always
 * a=group:BUNDLE 0 1                  an attribute of the session
 * m=audio 9 UDP/TLS/RTP/SAVPF 111     a media section
 * c=IN IP4 0.0.0.0                    its default destination
 * a=mid:0                             its attributes
 * a=candidate:1 1 udp 2122260223 192.0.2.7 54321 typ host
 * m=…
 * }</pre>
 *
 * <p>Lines end with CR LF, or LF, as browsers take both. An attribute that is not known here may hold anything.
 *
 * <p><b>Addresses.</b> If rules keep any back, then the origin and the default destinations tell none either: ICE does not need them, and
 * {@code 0.0.0.0} with port 9 is what stands for nothing (RFC 8839 section 4.2.5, RFC 8840 section 4.1.1).
 *
 * <p><b>Limits.</b> Those below, and in all the rules' own. 64 KiB hold some 40 media sections of a browser.
 *
 * <p><b>Threading.</b> Not thread-safe.
 */
final class SessionDescription {
    static final int MAX_LINES = 4_000;
    static final int MAX_MEDIA_SECTIONS = 128;
    /** {@code a=identity} (RFC 8827) is the longest, with some KiB. */
    static final int MAX_LINE_CHARS = 8_192;

    /** In which order the lines of a session are, before its media sections. */
    private static final String SESSION_ORDER = "vosiuepcbtrzka";

    private static final String REPEATED = "epbtra";
    private static final String REQUIRED = "vost";

    private static final String NO_ORIGIN = "IN IP4 127.0.0.1";
    private static final String NO_DESTINATION = "IN IP4 0.0.0.0";
    private static final String NO_PORT = "9";

    private final String sdp;
    private final Rules rules;
    private final Fields fields;
    private final Edits edits;
    private final Set<String> mids = new HashSet<>();

    private int lines;
    /** Where the line begins that is being read, and where the next one does. */
    private int from;

    private int next;
    /** How many of {@link #REQUIRED} have come. */
    private int required;

    private int mediaSections;
    /** The type of the line before. */
    private char before;
    /** Whether the media section has its {@code c=}. */
    private boolean hasConnection;
    /** Whether it has a line that belongs behind {@code c=}. */
    private boolean hasAttributes;

    SessionDescription(String sdp, Rules rules) {
        this.sdp = sdp;
        this.rules = rules;
        fields = new Fields(sdp, Firewall.INVALID_SDP);
        edits = new Edits(sdp);
    }

    /** Reads all of it. Once. */
    String filtered() {
        while (next < sdp.length()) {
            line();
        }
        if (required < REQUIRED.length()) {
            fields.line(lines + 1, next, next);
            throw fields.expected(REQUIRED.charAt(required) + "=");
        }
        return edits.text();
    }

    private void line() {
        from = next;
        int to = lineEnd();
        if (++lines > MAX_LINES) {
            throw tooLarge("sdp: more lines", MAX_LINES);
        }
        fields.line(lines, from, to);
        if (to - from < 3 || sdp.charAt(from + 1) != '=') {
            throw fields.expected("a letter, = and a value");
        }
        char type = sdp.charAt(from);
        if (type == 'm') {
            beginMediaSection();
        } else if (mediaSections == 0) {
            checkSessionOrder(type);
        } else {
            checkMediaOrder(type);
        }
        before = type;
        fields.skip(2);
        value(type);
    }

    /** Finds the line's end, and the beginning of the next. */
    private int lineEnd() {
        int last = Math.min(sdp.length(), from + MAX_LINE_CHARS + 1);
        for (int i = from; i < last; i++) {
            char c = sdp.charAt(i);
            if (c > '\r' && c < Character.MIN_SURROGATE) {
                continue; // as most are
            }
            if (c == '\n') {
                next = i + 1;
                return i;
            }
            if (c == '\r' && i + 1 < sdp.length() && sdp.charAt(i + 1) == '\n') {
                next = i + 2;
                return i;
            }
            if (c == 0 || c == '\r' || (Character.isSurrogate(c) && !isOfPair(i))) {
                fields.line(lines + 1, from, i);
                throw fields.expected("text without NUL, single CR or half a character");
            }
        }
        if (last < sdp.length()) {
            throw tooLarge("line " + (lines + 1) + ": more characters", MAX_LINE_CHARS);
        }
        fields.line(lines + 1, from, last);
        throw fields.expected("CR LF at its end");
    }

    private boolean isOfPair(int i) {
        return Character.isHighSurrogate(sdp.charAt(i))
                ? i + 1 < sdp.length() && Character.isLowSurrogate(sdp.charAt(i + 1))
                : i > from && Character.isHighSurrogate(sdp.charAt(i - 1));
    }

    private void beginMediaSection() {
        if (required < REQUIRED.length()) {
            throw fields.expected(REQUIRED.charAt(required) + "=");
        }
        if (++mediaSections > MAX_MEDIA_SECTIONS) {
            throw tooLarge("sdp: more media sections", MAX_MEDIA_SECTIONS);
        }
        hasConnection = false;
        hasAttributes = false;
    }

    private void checkSessionOrder(char type) {
        int place = SESSION_ORDER.indexOf(type);
        if (place < 0) {
            throw fields.expected("a line of type " + SESSION_ORDER + " or m");
        }
        if (required < REQUIRED.length()) {
            char needed = REQUIRED.charAt(required);
            if (place > SESSION_ORDER.indexOf(needed)) {
                throw fields.expected(needed + "=");
            }
            if (type == needed) {
                required++;
            }
        }
        boolean isAgain = type == before && REPEATED.indexOf(type) >= 0;
        boolean isNextTime = type == 't' && (before == 'r' || before == 'z');
        if (place <= SESSION_ORDER.indexOf(before) && !isAgain && !isNextTime) {
            throw fields.expected("lines in the order " + SESSION_ORDER + " and m");
        }
    }

    /** Pages that limit bandwidth put {@code b=} behind attributes, which browsers take. The rest is in the order that it should be in. */
    private void checkMediaOrder(char type) {
        boolean isInPlace = switch (type) {
            case 'i' -> before == 'm';
            case 'c' -> !hasConnection && !hasAttributes;
            case 'b', 'k', 'a' -> true;
            default -> false;
        };
        if (!isInPlace) {
            throw fields.expected("in a media section i=, c=, b=, k= and a=, in this order");
        }
        hasConnection |= type == 'c';
        hasAttributes |= type == 'a' || type == 'b' || type == 'k';
    }

    private void value(char type) {
        switch (type) {
            case 'v' -> fields.literal("0");
            case 'o' -> origin();
            case 'c' -> connection(NO_DESTINATION);
            case 'b' -> bandwidth();
            case 't' -> times();
            case 'm' -> media();
            case 'a' -> attribute();
            default -> fields.skipAll(); // texts, and what nobody uses
        }
        fields.done();
    }

    /** RFC 8866 section 5.2: {@code username session-id session-version nettype addrtype address}. */
    private void origin() {
        fields.word("a user name, or -");
        fields.space();
        fields.some(Fields.DIGIT, "the id of the session in digits");
        fields.space();
        fields.some(Fields.DIGIT, "the version of the session in digits");
        fields.space();
        connection(NO_ORIGIN);
    }

    /** RFC 8866 section 5.7: {@code nettype addrtype address}, without what is for multicast. */
    private void connection(String neutral) {
        int begin = fields.at();
        boolean isIpv6 = fields.accept("IN IP6 ");
        if (!isIpv6 && !fields.accept("IN IP4 ")) {
            throw fields.expected("IN IP4 or IN IP6, and an address");
        }
        int addressFrom = fields.at();
        Address address = fields.address();
        boolean isName = address == Address.NAME || address == Address.LOCAL_NAME;
        if (!isName && isIpv6 != Address.isIpv6(sdp, addressFrom, fields.at())) {
            throw fields.expected(isIpv6 ? "an IPv6 address" : "an IPv4 address");
        }
        boolean isNeutral = address == Address.UNSPECIFIED
                || sdp.substring(begin, fields.at()).equals(neutral);
        if (rules.hidesAddresses() && !isNeutral) {
            edits.replace(begin, fields.at(), neutral);
        }
    }

    /** RFC 8866 section 5.8: {@code type:bandwidth}. */
    private void bandwidth() {
        fields.some(Fields.TOKEN, "the type of a bandwidth");
        fields.literal(":");
        fields.some(Fields.DIGIT, "a bandwidth in digits");
    }

    /** RFC 8866 section 5.9: {@code start-time stop-time}. */
    private void times() {
        fields.some(Fields.DIGIT, "a time in digits");
        fields.space();
        fields.some(Fields.DIGIT, "a time in digits");
    }

    /** RFC 8866 section 5.14: {@code media port[/ports] protocol 1*format}. */
    private void media() {
        fields.some(Fields.TOKEN, "a type of media");
        fields.space();
        port();
        if (fields.accept("/")) {
            fields.some(Fields.DIGIT, "a number of ports");
        }
        fields.space();
        do {
            fields.some(Fields.TOKEN, "a protocol");
        } while (fields.accept("/"));
        do {
            fields.space();
            fields.some(Fields.TOKEN, "a format");
        } while (!fields.isDone());
    }

    /** The port of a default destination. 0 stands for a media section that is rejected. */
    private void port() {
        int begin = fields.at();
        int port = fields.port();
        if (rules.hidesAddresses() && port != 0 && port != 9) {
            edits.replace(begin, fields.at(), NO_PORT);
        }
    }

    /** RFC 8866 section 5.13: {@code name} or {@code name:value}. Not all tell capitals from others in names, so none is told here. */
    private void attribute() {
        int to = fields.indexOf(':');
        Attribute known = Attribute.of(fields, to);
        fields.some(Fields.TOKEN, "the name of an attribute");
        if (fields.at() != to) {
            throw fields.expected("the name of an attribute, and : before a value");
        }
        if (known != null && known.isOfMedia && mediaSections == 0) {
            throw fields.expected("this attribute in a media section only");
        }
        if (fields.accept(":") && fields.isDone()) {
            throw fields.expected("a value behind :");
        }
        if (known == null) {
            fields.skipAll();
            return;
        }
        if (fields.at() == to && known != Attribute.END_OF_CANDIDATES) {
            throw fields.expected(": and a value");
        }
        switch (known) {
            case CANDIDATE -> candidate();
            case END_OF_CANDIDATES -> {} // is done, as it has no value
            case MID -> mid();
            case GROUP -> group();
            case ICE_UFRAG -> fields.some(Fields.ICE, 4, 256, "4 to 256 letters, digits, + or /");
            case ICE_PWD -> fields.some(Fields.ICE, 22, 256, "22 to 256 letters, digits, + or /");
            case FINGERPRINT -> fingerprint();
            case SETUP -> setup();
            case RTCP -> rtcp();
            case REMOTE_CANDIDATES, SOURCE_FILTER -> addresses();
        }
    }

    /** RFC 8839 section 5.1. */
    private void candidate() {
        IceCandidate candidate = IceCandidate.read(fields);
        if (candidate.isDropped(rules)) {
            dropLine();
        } else {
            candidate.hideRelated(rules, edits);
        }
    }

    private void dropLine() {
        edits.replace(from, next, "");
    }

    /** RFC 5888 section 4, RFC 9143 section 9.1. */
    private void mid() {
        int begin = fields.at();
        fields.some(
                Fields.TOKEN, 1, Firewall.MAX_MID_CHARS, "a token of 1 to " + Firewall.MAX_MID_CHARS + " characters");
        if (!mids.add(sdp.substring(begin, fields.at()))) {
            throw fields.expected("an identification that no other media section has");
        }
    }

    /** RFC 5888 section 5: {@code semantics *(mid)}. */
    private void group() {
        fields.some(Fields.TOKEN, "what the group means");
        while (!fields.isDone()) {
            fields.space();
            fields.some(Fields.TOKEN, "the identification of a media section");
        }
    }

    /** RFC 8122 section 5: {@code hash-function 1*byte}. */
    private void fingerprint() {
        int begin = fields.at();
        fields.some(Fields.TOKEN, "a hash function");
        int size = switch (sdp.substring(begin, fields.at()).toLowerCase(Locale.ROOT)) {
            case "md2", "md5" -> throw fields.expected("no MD2, no MD5");
            case "sha-1" -> 20;
            case "sha-224" -> 28;
            case "sha-256" -> 32;
            case "sha-384" -> 48;
            case "sha-512" -> 64;
            default -> 0; // may be any
        };
        fields.space();
        int bytes = 0;
        do {
            fields.some(Fields.UHEX, 2, 2, "bytes in hexadecimal, in capitals");
            bytes++;
        } while (fields.accept(":"));
        if (size > 0 && bytes != size) {
            throw fields.expected(size + " bytes");
        }
    }

    /** RFC 4145 section 4. */
    private void setup() {
        if (!fields.accept("actpass")
                && !fields.accept("active")
                && !fields.accept("passive")
                && !fields.accept("holdconn")) {
            throw fields.expected("actpass, active, passive or holdconn");
        }
    }

    /** RFC 3605 section 2.1: {@code port [nettype addrtype address]}. */
    private void rtcp() {
        port();
        if (!fields.isDone()) {
            fields.space();
            connection(NO_DESTINATION);
        }
    }

    /** What tells addresses, and browsers neither write nor read. */
    private void addresses() {
        fields.skipAll();
        if (rules.hidesAddresses()) {
            dropLine();
        }
    }

    private static MessageException tooLarge(String what, int most) {
        return new MessageException(Firewall.TOO_LARGE, what + " (expected: <= " + most + ")");
    }

    /** The attributes that are looked into: those that a connection hangs on, and those that tell addresses. */
    private enum Attribute {
        CANDIDATE("candidate", true),
        END_OF_CANDIDATES("end-of-candidates", false),
        MID("mid", true),
        GROUP("group", false),
        ICE_UFRAG("ice-ufrag", false),
        ICE_PWD("ice-pwd", false),
        FINGERPRINT("fingerprint", false),
        SETUP("setup", false),
        RTCP("rtcp", true),
        REMOTE_CANDIDATES("remote-candidates", true),
        SOURCE_FILTER("source-filter", false);

        private static final Attribute[] ALL = values();

        private final String text;
        /** Whether it may not be an attribute of the session. */
        private final boolean isOfMedia;

        Attribute(String text, boolean isOfMedia) {
            this.text = text;
            this.isOfMedia = isOfMedia;
        }

        /** The one whose name comes next, up to a position. */
        static @Nullable Attribute of(Fields fields, int to) {
            for (Attribute attribute : ALL) {
                if (fields.isName(attribute.text, to)) {
                    return attribute;
                }
            }
            return null;
        }
    }
}
