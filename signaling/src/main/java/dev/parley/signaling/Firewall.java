package dev.parley.signaling;

import dev.parley.websocket.MessageException;
import java.util.Optional;
import org.jspecify.annotations.Nullable;

/**
 * What may pass from peer to peer: descriptions and candidates that are well-formed and not too large, without the addresses that
 * the rules keep back.
 *
 * <p>It keeps addresses from peers whose browsers and pages are honest. It does not stop a page that wants to tell its address: that
 * can call a host candidate a relayed one, or write it into a message. Peers only ever connect through TURN if their own
 * {@code iceTransportPolicy} says so.
 *
 * <p><b>Errors.</b> {@link MessageException} with {@link #INVALID_SDP}, {@link #INVALID_CANDIDATE} or {@link #TOO_LARGE}, in words that
 * name the line and what was expected there.
 *
 * <p><b>Threading.</b> Immutable.
 */
final class Firewall {
    static final String INVALID_SDP = "invalid_sdp";
    static final String INVALID_CANDIDATE = "invalid_candidate";
    static final String TOO_LARGE = "too_large";

    /** Those of browsers have one or two; RFC 9143 section 9.1 wants them short, as each packet may carry them. */
    static final int MAX_MID_CHARS = 64;

    private static final int MAX_MLINE_INDEX = 65_535;

    private final Rules rules;

    /**
     * What is let through.
     *
     * @param maxSdpBytes the largest description, in UTF-8
     * @param maxCandidateBytes the largest candidate
     * @param relayOnly whether candidates of TURN servers only pass, which tell no address of the peer's own
     * @param dropPrivateAddresses whether candidates within a private network do not pass
     */
    record Rules(int maxSdpBytes, int maxCandidateBytes, boolean relayOnly, boolean dropPrivateAddresses) {

        /** Whether any address is to be kept back. */
        boolean hidesAddresses() {
            return relayOnly || dropPrivateAddresses;
        }
    }

    Firewall(Rules rules) {
        this.rules = rules;
    }

    /**
     * Checks a description and takes out what the rules keep back.
     *
     * @param sdp an offer or an answer
     * @return what may be passed on; {@code sdp} itself if that is all of it
     */
    String description(String sdp) {
        if (isLonger(sdp, rules.maxSdpBytes())) {
            throw new MessageException(
                    TOO_LARGE, "sdp: " + sdp.length() + " characters (expected: <= " + rules.maxSdpBytes() + " bytes)");
        }
        return new SessionDescription(sdp, rules).filtered();
    }

    /**
     * Checks a candidate and takes out what the rules keep back.
     *
     * @param candidate as {@code RTCIceCandidate.candidate} has it, or with {@code a=} before; empty at the end of candidates
     * @return what may be passed on, {@code candidate} itself if that is all of it; empty if it may not be
     */
    Optional<String> candidate(String candidate) {
        if (candidate.isEmpty()) {
            return Optional.of(candidate);
        }
        if (isLonger(candidate, rules.maxCandidateBytes())) {
            throw new MessageException(
                    TOO_LARGE,
                    "candidate: " + candidate.length() + " characters (expected: <= " + rules.maxCandidateBytes()
                            + " bytes)");
        }
        Fields fields = new Fields(candidate, INVALID_CANDIDATE);
        fields.whole();
        fields.accept("a=");
        fields.literal("candidate:");
        IceCandidate read = IceCandidate.read(fields);
        if (read.isDropped(rules)) {
            return Optional.empty();
        }
        Edits edits = new Edits(candidate);
        read.hideRelated(rules, edits);
        return Optional.of(edits.text());
    }

    /**
     * Checks what a candidate belongs to.
     *
     * @param sdpMid a token (RFC 9143 section 9.1)
     * @param sdpMLineIndex 0 to 65535
     * @param usernameFragment an {@code ice-ufrag} (RFC 8839 section 5.4)
     */
    void names(@Nullable String sdpMid, @Nullable Integer sdpMLineIndex, @Nullable String usernameFragment) {
        if (sdpMid != null && !Fields.isAll(sdpMid, Fields.TOKEN, 1, MAX_MID_CHARS)) {
            throw invalidName("sdpMid", sdpMid, "a token of 1 to " + MAX_MID_CHARS + " characters");
        }
        if (sdpMLineIndex != null && (sdpMLineIndex < 0 || sdpMLineIndex > MAX_MLINE_INDEX)) {
            throw invalidName("sdpMLineIndex", sdpMLineIndex.toString(), "0 to " + MAX_MLINE_INDEX);
        }
        if (usernameFragment != null && !Fields.isAll(usernameFragment, Fields.ICE, 4, 256)) {
            throw invalidName("usernameFragment", usernameFragment, "4 to 256 letters, digits, + or /");
        }
    }

    private static MessageException invalidName(String name, String value, String expected) {
        return new MessageException(
                INVALID_CANDIDATE,
                name + ": " + Fields.shown(value, 0, value.length()) + " (expected: " + expected + ")");
    }

    /** Whether text takes more bytes in UTF-8. It is only counted where its length leaves that open. */
    private static boolean isLonger(String text, int maxBytes) {
        int chars = text.length();
        if (chars > maxBytes) {
            return true;
        }
        if (chars <= maxBytes / 3) {
            return false;
        }
        long bytes = chars;
        for (int i = 0; i < chars; i++) {
            char c = text.charAt(i);
            if (c >= 0x80) {
                bytes += c < 0x800 || Character.isSurrogate(c) ? 1 : 2; // a pair of surrogates takes four bytes
            }
        }
        return bytes > maxBytes;
    }
}
