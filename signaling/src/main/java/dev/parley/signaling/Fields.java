package dev.parley.signaling;

import dev.parley.websocket.MessageException;

/**
 * A line, read field by field: knows the characters of RFC 8866 and RFC 8839, and no more of them. Fields stay ranges of the text. Not
 * thread-safe.
 */
final class Fields {
    /** RFC 8866: {@code token-char}. */
    static final int TOKEN = 1;
    /** RFC 8839: {@code ice-char}. */
    static final int ICE = 1 << 1;
    /** {@code DIGIT}. */
    static final int DIGIT = 1 << 2;
    /** RFC 8122: {@code UHEX}, in capitals. */
    static final int UHEX = 1 << 3;
    /** RFC 5234: {@code VCHAR}. */
    static final int VISIBLE = 1 << 4;

    private static final byte[] KINDS = kinds();

    /** As much of what a client sent as it is shown again. */
    private static final int SHOWN_CHARS = 64;

    private final String text;
    private final String code;
    /** From 1; 0 for what is no line of a description. */
    private int number;

    private int start;
    private int end;
    private int at;

    /**
     * Begins with no line.
     *
     * @param code what is wrong if something is
     */
    Fields(String text, String code) {
        this.text = text;
        this.code = code;
    }

    /** Makes the whole text the line. */
    void whole() {
        line(0, 0, text.length());
    }

    /** Makes a part of the text the line. */
    void line(int number, int from, int to) {
        this.number = number;
        start = from;
        end = to;
        at = from;
    }

    String text() {
        return text;
    }

    /** Where the next field begins. */
    int at() {
        return at;
    }

    /** Where the line ends. */
    int end() {
        return end;
    }

    boolean isDone() {
        return at == end;
    }

    /** Takes some characters, which are there. */
    void skip(int characters) {
        at += characters;
    }

    /** Takes what is left. */
    void skipAll() {
        at = end;
    }

    /** Takes what comes next, if it is this. */
    boolean accept(String literal) {
        if (literal.length() > end - at || !text.startsWith(literal, at)) {
            return false;
        }
        at += literal.length();
        return true;
    }

    void literal(String literal) {
        if (!accept(literal)) {
            throw expected(literal);
        }
    }

    void space() {
        if (!accept(" ")) {
            throw expected("a space at character " + (at - start + 1));
        }
    }

    void done() {
        if (!isDone()) {
            throw expected("nothing behind character " + (at - start));
        }
    }

    /** Takes 1 or more characters of a kind. */
    void some(int kind, String expected) {
        some(kind, 1, Integer.MAX_VALUE, expected);
    }

    /** Takes all characters of a kind that come next. */
    void some(int kind, int least, int most, String expected) {
        int from = at;
        while (at < end && is(text.charAt(at), kind)) {
            at++;
        }
        if (at - from < least || at - from > most) {
            throw expected(expected);
        }
    }

    /** Takes a number. */
    int number(int least, int most, String expected) {
        int from = at;
        some(DIGIT, 1, 10, expected); // 10 are in 2^31
        long value = 0;
        for (int i = from; i < at; i++) {
            value = value * 10 + (text.charAt(i) - '0');
        }
        if (value < least || value > most) {
            throw expected(expected);
        }
        return (int) value;
    }

    int port() {
        return number(0, 65_535, "a port, 0 to 65535");
    }

    /** Takes all up to a space or the end. */
    void word(String expected) {
        int from = at;
        while (at < end && text.charAt(at) != ' ') {
            at++;
        }
        if (at == from) {
            throw expected(expected);
        }
    }

    /** Takes an address. */
    Address address() {
        int from = at;
        word("an address");
        Address address = Address.of(text, from, at);
        if (address == null) {
            throw expected("an IPv4 or IPv6 address, or a name");
        }
        return address;
    }

    /** Whether what comes next, up to a position, is this, in capitals or not. */
    boolean isName(String name, int to) {
        return name.length() == to - at && text.regionMatches(true, at, name, 0, name.length());
    }

    /** The first of such a character in what is left of the line; its end if there is none. */
    int indexOf(char c) {
        int i = at;
        while (i < end && text.charAt(i) != c) {
            i++;
        }
        return i;
    }

    MessageException expected(String expected) {
        return new MessageException(
                code,
                (number == 0 ? "candidate: " : "line " + number + ": ") + shown(text, start, end) + " (expected: "
                        + expected + ")");
    }

    /** Text of a client's, as it may be shown to it again: cut off, and without what might mean something to a terminal or a log. */
    static String shown(String text, int from, int to) {
        int cut = Math.min(to, from + SHOWN_CHARS);
        StringBuilder shown = new StringBuilder(cut - from + 1);
        for (int i = from; i < cut; i++) {
            char c = text.charAt(i);
            shown.append(c == ' ' || is(c, VISIBLE) ? c : '?');
        }
        return (cut < to ? shown.append('…') : shown).toString();
    }

    static boolean isAll(String text, int kind, int least, int most) {
        if (text.length() < least || text.length() > most) {
            return false;
        }
        for (int i = 0; i < text.length(); i++) {
            if (!is(text.charAt(i), kind)) {
                return false;
            }
        }
        return true;
    }

    private static boolean is(char c, int kind) {
        return c < KINDS.length && (KINDS[c] & kind) != 0;
    }

    private static byte[] kinds() {
        byte[] kinds = new byte[0x80];
        mark(kinds, "0123456789", DIGIT | UHEX | ICE | TOKEN);
        mark(kinds, "ABCDEF", UHEX);
        for (char c = 'A'; c <= 'Z'; c++) {
            kinds[c] |= ICE | TOKEN;
            kinds[Character.toLowerCase(c)] |= ICE | TOKEN;
        }
        mark(kinds, "+/", ICE);
        mark(kinds, "!#$%&'*+-.^_`{|}~", TOKEN);
        for (char c = '!'; c <= '~'; c++) {
            kinds[c] |= VISIBLE;
        }
        return kinds;
    }

    private static void mark(byte[] kinds, String characters, int kind) {
        for (int i = 0; i < characters.length(); i++) {
            kinds[characters.charAt(i)] |= (byte) kind;
        }
    }
}
