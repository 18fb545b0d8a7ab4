package dev.parley.websocket.codec;

import java.util.HashSet;
import java.util.List;
import java.util.Set;
import java.util.regex.Pattern;
import org.jspecify.annotations.Nullable;

/**
 * What a client would take of permessage-deflate
 * (<a href="https://www.rfc-editor.org/rfc/rfc7692#section-7.1">RFC 7692 section 7.1</a>).
 *
 * <p>A parameter {@code client_max_window_bits} is checked and forgotten: the JDK's inflater has the largest window anyway.
 *
 * @param serverNoContextTakeover whether the server must forget each message
 * @param clientNoContextTakeover whether the client says that it will
 * @param serverMaxWindowBits 8 to 15; 0 if the client does not restrict the server
 */
record DeflateOffer(boolean serverNoContextTakeover, boolean clientNoContextTakeover, int serverMaxWindowBits) {
    /** The name of the extension. */
    static final String NAME = "permessage-deflate";
    /** A parameter without a value. */
    static final String SERVER_NO_CONTEXT_TAKEOVER = "server_no_context_takeover";
    /** A parameter without a value. */
    static final String CLIENT_NO_CONTEXT_TAKEOVER = "client_no_context_takeover";
    /** A parameter of 8 to 15. */
    static final String SERVER_MAX_WINDOW_BITS = "server_max_window_bits";

    private static final String CLIENT_MAX_WINDOW_BITS = "client_max_window_bits";
    private static final Pattern WINDOW_BITS = Pattern.compile("[89]|1[0-5]");

    /**
     * The first offer that can be taken.
     *
     * @param lines all lines of {@code Sec-WebSocket-Extensions}, which are one list
     * @return {@code null} if there is none, or if some line is malformed
     */
    static @Nullable DeflateOffer firstOf(List<String> lines) {
        DeflateOffer first = null;
        for (String line : lines) {
            FieldScanner scanner = new FieldScanner(line);
            do {
                String extension = scanner.token();
                if (extension == null) {
                    continue; // an empty member of the list, or what is no list at all, which ends the loop
                }
                Reading reading = new Reading();
                while (scanner.skip(';')) {
                    if (!reading.parameter(scanner)) {
                        return null;
                    }
                }
                if (first == null && extension.equals(NAME)) {
                    first = reading.offer();
                }
            } while (scanner.skip(','));
            if (!scanner.isAtEnd()) {
                return null;
            }
        }
        return first;
    }

    /** The parameters of one extension, as far as they were read. */
    private static final class Reading {
        private final Set<String> names = new HashSet<>();
        private boolean acceptable = true;
        private int serverMaxWindowBits;

        /** Reads one more. Returns whether it is well formed. */
        boolean parameter(FieldScanner scanner) {
            String name = scanner.token();
            if (name == null) {
                return false;
            }
            String value = null;
            if (scanner.skip('=')) {
                value = scanner.value();
                if (value == null) {
                    return false;
                }
            }
            acceptable &= names.add(name) && isAcceptable(name, value);
            return true;
        }

        private boolean isAcceptable(String name, @Nullable String value) {
            return switch (name) {
                case SERVER_NO_CONTEXT_TAKEOVER, CLIENT_NO_CONTEXT_TAKEOVER -> value == null;
                case CLIENT_MAX_WINDOW_BITS ->
                    value == null || WINDOW_BITS.matcher(value).matches();
                case SERVER_MAX_WINDOW_BITS -> value != null && isServerMaxWindowBits(value);
                default -> false;
            };
        }

        private boolean isServerMaxWindowBits(String value) {
            if (!WINDOW_BITS.matcher(value).matches()) {
                return false;
            }
            serverMaxWindowBits = Integer.parseInt(value);
            return true;
        }

        @Nullable
        DeflateOffer offer() {
            return acceptable
                    ? new DeflateOffer(
                            names.contains(SERVER_NO_CONTEXT_TAKEOVER),
                            names.contains(CLIENT_NO_CONTEXT_TAKEOVER),
                            serverMaxWindowBits)
                    : null;
        }
    }
}
