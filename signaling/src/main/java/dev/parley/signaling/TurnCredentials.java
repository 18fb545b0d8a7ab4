package dev.parley.signaling;

import static java.nio.charset.StandardCharsets.UTF_8;

import java.security.GeneralSecurityException;
import java.time.Duration;
import java.time.Instant;
import java.util.Base64;
import java.util.HexFormat;
import java.util.List;
import javax.crypto.Mac;
import javax.crypto.spec.SecretKeySpec;

/**
 * Names and passwords for a TURN server that are made for each peer, and expire: the scheme of <a
 * href="https://datatracker.ietf.org/doc/html/draft-uberti-behave-turn-rest-00">A REST API for access to TURN services</a>. The TURN
 * server and this one share a secret: in coturn {@code use-auth-secret} and {@code static-auth-secret}.
 *
 * <pre>{@code
 * TurnCredentials turn = TurnCredentials.rest(secret).ttl(Duration.ofMinutes(30));
 * IceServers servers = IceServers.stun("stun:stun.example").turn("turn:turn.example", turn);
 * }</pre>
 *
 * <p><b>Wire.</b> The username is {@code expiry:user}: when it expires, in seconds since 1970, and the id of the peer, in which all but
 * {@code A-Z a-z 0-9 - . _ ~} is percent-encoded, and the separator too. The password is the Base64 of the HMAC-SHA1 of the username.
 *
 * <p><b>Rotation.</b> First the TURN server is given the next secret besides the one in use; then {@link #rotate} is called here; and
 * when {@link #ttl} and a minute have passed, the TURN server may forget the old one. Nobody is refused meanwhile.
 *
 * <p><b>Threading.</b> Thread-safe. Immutable, but for the secret.
 */
public final class TurnCredentials {
    /** Short enough that what is stolen is soon worth nothing, long enough that a renewal an hour is all it costs. */
    private static final Duration TTL = Duration.ofHours(1);

    private static final Duration LEAST_TTL = Duration.ofMinutes(1);
    private static final Duration MOST_TTL = Duration.ofDays(30);
    /** By how much the clock of a TURN server may be ahead. */
    private static final Duration SKEW = Duration.ofMinutes(1);
    /** RFC 8489 section 14.3: less than 509. */
    private static final int MAX_USERNAME_BYTES = 508;

    private final Secret secret;
    private final Duration ttl;
    private final char separator;

    private TurnCredentials(Secret secret, Duration ttl, char separator) {
        this.secret = secret;
        this.ttl = ttl;
        this.separator = separator;
    }

    /**
     * Makes credentials from a secret.
     *
     * @param secret as the TURN server's configuration has it; its UTF-8 is the key
     * @return credentials that are good for an hour
     * @throws IllegalArgumentException if it is empty, begins or ends with white space, or has control characters
     */
    public static TurnCredentials rest(String secret) {
        return new TurnCredentials(new Secret(secret), TTL, ':');
    }

    /**
     * Sets how long credentials are good for: an hour unless set. They expire a minute later, as the clock of the TURN server may be
     * ahead, and peers get others when three quarters have passed.
     *
     * <p>It need not be as long as a call: coturn looks at the expiry only when a relay is allocated, not when it is kept. A TURN server
     * that does both needs more than the longest call takes.
     *
     * @param ttl 1 minute to 30 days
     * @return new credentials, with the same secret: {@link #rotate} is for both
     * @throws IllegalArgumentException if it is not so
     */
    public TurnCredentials ttl(Duration ttl) {
        if (ttl.compareTo(LEAST_TTL) < 0 || ttl.compareTo(MOST_TTL) > 0) {
            throw new IllegalArgumentException("ttl: " + ttl + " (expected: PT1M to PT720H)");
        }
        return new TurnCredentials(secret, ttl, separator);
    }

    /**
     * Sets what is between the expiry and the user: {@code :} unless set. For a coturn with {@code rest-api-separator}.
     *
     * @param separator a printable character of ASCII that is no letter, digit, space or {@code %}
     * @return new credentials, with the same secret: {@link #rotate} is for both
     * @throws IllegalArgumentException if it is not so
     */
    public TurnCredentials separator(char separator) {
        if (separator <= ' ' || separator >= 0x7F || separator == '%' || Character.isLetterOrDigit(separator)) {
            throw new IllegalArgumentException("separator: U+"
                    + HexFormat.of().withUpperCase().toHexDigits(separator)
                    + " (expected: a mark of ASCII other than %)");
        }
        return new TurnCredentials(secret, ttl, separator);
    }

    /**
     * Signs with another secret from now on. What was signed before is not signed again: the TURN server must know both for a while.
     *
     * @param secret the newest secret
     * @throws IllegalArgumentException as for {@link #rest}; the secret before stays in use
     */
    public void rotate(String secret) {
        this.secret.key = Secret.key(secret);
    }

    /** The server for one peer. */
    IceServer server(List<String> urls, String user, Instant now) {
        String username = now.plus(ttl).plus(SKEW).getEpochSecond() + String.valueOf(separator) + encoded(user);
        if (username.length() > MAX_USERNAME_BYTES) {
            throw new IllegalArgumentException(
                    "user: " + user.length() + " characters (expected: a username of up to 508 bytes)");
        }
        return new IceServer(urls, username, secret.sign(username));
    }

    /** When what is made now should be replaced. */
    Instant renew(Instant now) {
        return now.plus(ttl.multipliedBy(3).dividedBy(4));
    }

    /** So that no user can look like two, and none like an expiry. */
    private String encoded(String user) {
        StringBuilder encoded = new StringBuilder(user.length());
        for (byte b : user.getBytes(UTF_8)) {
            boolean plain = b > 0 && b != separator && (Character.isLetterOrDigit(b) || "-._~".indexOf(b) >= 0);
            if (plain) {
                encoded.append((char) b);
            } else {
                encoded.append('%').append(HexFormat.of().withUpperCase().toHexDigits(b));
            }
        }
        return encoded.toString();
    }

    /** Without the secret. */
    @Override
    public String toString() {
        return "TurnCredentials[ttl=" + ttl + "]";
    }

    /** What is shared by credentials that differ in settings only. */
    private static final class Secret {
        private static final String ALGORITHM = "HmacSHA1";

        private volatile SecretKeySpec key;

        Secret(String secret) {
            key = key(secret);
        }

        static SecretKeySpec key(String secret) {
            if (secret.isEmpty()) {
                throw new IllegalArgumentException("secret: empty (expected: that of the TURN server)");
            }
            // What a file ends with, and no TURN server knows of.
            if (!secret.equals(secret.strip()) || secret.chars().anyMatch(Character::isISOControl)) {
                throw new IllegalArgumentException(
                        "secret: white space at an end, or a control character (expected: neither)");
            }
            return new SecretKeySpec(secret.getBytes(UTF_8), ALGORITHM);
        }

        String sign(String username) {
            try {
                Mac mac = Mac.getInstance(ALGORITHM);
                mac.init(key);
                return Base64.getEncoder().encodeToString(mac.doFinal(username.getBytes(UTF_8)));
            } catch (GeneralSecurityException e) {
                throw new IllegalStateException("Every JDK has " + ALGORITHM, e);
            }
        }
    }
}
