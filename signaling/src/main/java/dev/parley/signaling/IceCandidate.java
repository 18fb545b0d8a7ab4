package dev.parley.signaling;

import dev.parley.signaling.Firewall.Rules;

/**
 * A candidate of ICE, <a href="https://www.rfc-editor.org/rfc/rfc8839#section-5.1">RFC 8839 section 5.1</a>:
 *
 * <pre>{@code
 * candidate:foundation component transport priority address port typ type
 *     [raddr address] [rport port] *(name value)
 * }</pre>
 *
 * <p><b>Threading.</b> Immutable.
 *
 * @param type how the address was found
 * @param address what it is
 * @param isIpv6 whether it is one of IPv6
 * @param related what the address was seen behind
 */
record IceCandidate(Type type, Address address, boolean isIpv6, Related related) {
    /** RFC 8839 section 5.1: what to say in place of a related port that is to be kept back. */
    private static final String DISCARD = "9";

    /** How an address was found. */
    enum Type {
        /** On the host. */
        HOST("host"),
        /** By a STUN server. */
        SERVER_REFLEXIVE("srflx"),
        /** By the other peer. */
        PEER_REFLEXIVE("prflx"),
        /** On a TURN server. */
        RELAYED("relay");

        private final String text;

        Type(String text) {
            this.text = text;
        }
    }

    /**
     * The related address and port: of a reflexive candidate the host's, of a relayed one the reflexive. They are for diagnosis only.
     *
     * @param address none if it is not told
     * @param from where the address begins
     * @param to where it ends
     * @param portFrom where the port begins
     * @param portTo where it ends; the same if it is not told or says nothing
     */
    record Related(Address address, int from, int to, int portFrom, int portTo) {}

    /** Reads all up to the end of the line, {@code candidate:} being read. */
    static IceCandidate read(Fields fields) {
        fields.some(Fields.ICE, 1, 32, "a foundation of 1 to 32 letters, digits, + or /");
        fields.space();
        fields.number(1, 256, "a component, 1 to 256");
        fields.space();
        transport(fields);
        fields.space();
        fields.number(1, Integer.MAX_VALUE, "a priority, 1 to 2147483647");
        fields.space();
        int from = fields.at();
        Address address = fields.address();
        boolean isIpv6 = Address.isIpv6(fields.text(), from, fields.at());
        fields.space();
        fields.port();
        fields.space();
        fields.literal("typ");
        fields.space();
        Type type = type(fields);
        Related related = related(fields);
        while (!fields.isDone()) {
            extension(fields);
        }
        return new IceCandidate(type, address, isIpv6, related);
    }

    /** UDP, or TCP as of RFC 6544; some browsers write it in capitals. */
    private static void transport(Fields fields) {
        int to = fields.indexOf(' ');
        if (!fields.isName("udp", to) && !fields.isName("tcp", to)) {
            throw fields.expected("udp or tcp");
        }
        fields.word("udp or tcp");
    }

    private static Type type(Fields fields) {
        for (Type type : Type.values()) {
            if (fields.accept(type.text)) {
                return type;
            }
        }
        throw fields.expected("typ host, srflx, prflx or relay");
    }

    private static Related related(Fields fields) {
        Address address = Address.UNSPECIFIED;
        int from = fields.at();
        int to = from;
        if (fields.accept(" raddr ")) {
            from = fields.at();
            address = fields.address();
            to = fields.at();
        }
        int portFrom = fields.at();
        if (fields.accept(" rport ")) {
            portFrom = fields.at();
            int port = fields.port();
            if (port == 0 || port == 9) { // Chromium writes 0 where the RFC has 9
                portFrom = fields.at();
            }
        }
        return new Related(address, from, to, portFrom, fields.at());
    }

    /** A related address in the wrong place would pass unseen. */
    private static void extension(Fields fields) {
        fields.space();
        int to = fields.indexOf(' ');
        if (fields.isName("raddr", to) || fields.isName("rport", to) || fields.isName("typ", to)) {
            throw fields.expected("typ, raddr and rport once, in this order");
        }
        fields.some(Fields.TOKEN, "the name of an extension");
        fields.space();
        fields.some(Fields.VISIBLE, "the value of an extension");
    }

    /** Whether rules keep back all of it. */
    boolean isDropped(Rules rules) {
        return (rules.relayOnly() && type != Type.RELAYED) || (rules.dropPrivateAddresses() && address.isPrivate());
    }

    /**
     * Takes out the related address if rules keep it back. What browsers write in its place stays there, as some do not read candidates
     * without any.
     */
    void hideRelated(Rules rules, Edits edits) {
        boolean isHidden = rules.relayOnly() || (rules.dropPrivateAddresses() && related.address.isPrivate());
        if (!isHidden) {
            return;
        }
        if (related.address != Address.UNSPECIFIED) {
            edits.replace(related.from, related.to, isIpv6 ? "::" : "0.0.0.0");
        }
        if (related.portFrom < related.portTo) {
            edits.replace(related.portFrom, related.portTo, DISCARD);
        }
    }
}
