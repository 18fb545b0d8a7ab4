package dev.parley.signaling;

import java.util.List;
import java.util.Objects;
import org.jspecify.annotations.Nullable;

/**
 * A STUN or TURN server as a browser wants it: <a href="https://www.w3.org/TR/webrtc/#rtciceserver-dictionary">RTCIceServer</a>.
 *
 * <p><b>Threading.</b> Immutable.
 *
 * @param urls where it is: {@code stun:}, {@code stuns:}, {@code turn:} or {@code turns:} (RFC 7064, RFC 7065)
 * @param username for TURN; {@code null} for STUN
 * @param credential for TURN; {@code null} for STUN
 */
public record IceServer(
        List<String> urls,
        @Nullable String username,
        @Nullable String credential) {

    /**
     * Copies the list.
     *
     * @param urls see above
     * @param username see above
     * @param credential see above
     */
    public IceServer {
        urls = List.copyOf(Objects.requireNonNull(urls, "urls"));
    }

    /** Without the credential. */
    @Override
    public String toString() {
        return "IceServer[urls=" + urls + (username == null ? "]" : ", username=" + username + "]");
    }
}
