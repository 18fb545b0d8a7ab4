package dev.parley.signaling;

import java.time.Instant;
import java.util.List;
import org.jspecify.annotations.Nullable;

/** The STUN and TURN servers that peers are told of. */
public final class IceServers {
    private static final IceServers NONE = new IceServers();

    private IceServers() {}

    /**
     * No servers: peers find each other on one network only.
     *
     * @return what holds unless others are set
     */
    public static IceServers none() {
        return NONE;
    }

    /**
     * What one peer is told.
     *
     * @param user who uses the credentials
     * @param now the time
     */
    Grant grant(String user, Instant now) {
        return new Grant(List.of(), null);
    }

    /**
     * What one peer is told.
     *
     * @param servers the servers
     * @param renew when others are to be sent, well before these expire; {@code null} if they don't
     */
    record Grant(List<IceServer> servers, @Nullable Instant renew) {}
}
