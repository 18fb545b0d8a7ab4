package dev.parley.signaling;

import static java.nio.charset.StandardCharsets.US_ASCII;
import static java.nio.charset.StandardCharsets.UTF_8;

import java.security.GeneralSecurityException;
import java.security.MessageDigest;
import java.security.SecureRandom;
import java.time.InstantSource;
import java.util.ArrayList;
import java.util.Base64;
import java.util.List;
import java.util.Objects;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.CompletionStage;
import javax.crypto.Mac;
import javax.crypto.spec.SecretKeySpec;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/**
 * The policy that lets in who shows a signed token, and the signer of such tokens. Who serves the page decides who may join, and puts a
 * token into it; nothing is looked up when the peer comes.
 *
 * <pre>{@code
 * JoinTokens tokens = JoinTokens.hmac(secret);
 * SignalingEndpoint call = SignalingEndpoint.builder().policy(tokens).build();
 * String token = tokens.issue(JoinToken.room("team").name("Ann").rights(Right.CALL).once());
 * }</pre>
 *
 * <p>A token is no secret from its holder: the payload can be read, not altered. Whoever gets hold of it can use it until it expires:
 * give it to the page in the page, not in an address.
 *
 * <p><b>Wire.</b> {@code base64url(payload) "." base64url(HMAC-SHA256(secret, base64url(payload)))}, without padding and up to 4096
 * characters, so that other programs can sign too. The payload is a JSON object with these members, and no others:
 *
 * <ul>
 *   <li>{@code v}: 1
 *   <li>{@code room}: the room's name
 *   <li>{@code exp}: when it expires, in seconds since 1970
 *   <li>{@code nbf}: when it begins to be good, likewise; may be missing, as may all that follow
 *   <li>{@code name}: the holder's name
 *   <li>{@code metadata}: an object
 *   <li>{@code rights}: an array of {@code "call"}, {@code "message"}, {@code "own"}
 *   <li>{@code joinsOnly}: true if the holder may not create the room
 *   <li>{@code once}: if it is of single use, an id that no other token has, of 16 to 64 characters
 * </ul>
 *
 * <p><b>Single use.</b> A token is used up when this policy says yes, even if the room then turns out to be full or locked, or an owner
 * does not let the peer in. If this policy says no, it is not. What is used is remembered in memory until it expires: after a restart,
 * and on another node, a token can be used again until then. So let these expire soon.
 *
 * <p><b>Errors.</b> The peer is told {@code not_allowed}, with one text for all that is forged, malformed or for another room, and with
 * others for a token that is missing, used, expired, or not good yet. At level DEBUG the log has more. Tokens are never logged.
 *
 * <p><b>Limits.</b> 5 seconds are granted at both ends of a token's life, as nodes may differ on the time. Used tokens: {@link
 * Builder#maxUsed}.
 *
 * <p><b>Threading.</b> Thread-safe.
 */
public final class JoinTokens implements RoomPolicy {
    private static final Logger LOGGER = LoggerFactory.getLogger(JoinTokens.class);
    private static final String ALGORITHM = "HmacSHA256";
    private static final int SIGNATURE_CHARS = 43;
    private static final int MAX_CHARS = 4096;
    private static final int ID_BYTES = 16;
    private static final long SKEW_SECONDS = 5;
    private static final Base64.Encoder ENCODER = Base64.getUrlEncoder().withoutPadding();

    private final SecureRandom random = new SecureRandom();
    private final List<SecretKeySpec> keys;
    private final InstantSource clock;
    private final UsedTokens used;

    private JoinTokens(Builder builder) {
        keys = List.copyOf(builder.keys);
        clock = builder.clock;
        used = new UsedTokens(builder.maxUsed);
    }

    /**
     * Signs and checks with one secret.
     *
     * @param secret at least 32 bytes of UTF-8, which nobody can guess: such as {@code openssl rand -base64 32} gives
     * @return the policy
     * @throws IllegalArgumentException if it is shorter
     */
    public static JoinTokens hmac(String secret) {
        return builder(secret).build();
    }

    /**
     * Begins with a secret to sign and check with.
     *
     * @param secret as for {@link #hmac}
     * @return a new builder
     * @throws IllegalArgumentException as {@link #hmac} does
     */
    public static Builder builder(String secret) {
        return new Builder(secret);
    }

    /**
     * Signs a token.
     *
     * @param token what it lets its holder do
     * @return up to 4096 characters of {@code A-Z a-z 0-9 - _ .}
     * @throws IllegalArgumentException if it would be longer: the metadata is too large
     */
    public String issue(JoinToken token) {
        byte[] id = new byte[ID_BYTES];
        random.nextBytes(id);
        byte[] json = token.claims(clock.instant(), ENCODER.encodeToString(id)).toJson();
        String payload = ENCODER.encodeToString(json);
        String signed = payload + "." + signature(keys.get(0), payload);
        if (signed.length() > MAX_CHARS) {
            throw new IllegalArgumentException(
                    "token: " + signed.length() + " characters (expected: up to " + MAX_CHARS + ")");
        }
        return signed;
    }

    /**
     * Lets in who shows a token for the room.
     *
     * @param wish who wants to join what
     * @return the decision, at once
     */
    @Override
    public CompletionStage<Admission> join(JoinRequest wish) {
        return CompletableFuture.completedStage(
                wish.token().map(token -> decide(wish, token)).orElseGet(() -> refuse(Reason.MISSING)));
    }

    private Admission decide(JoinRequest wish, String token) {
        if (!isSigned(token)) {
            return refuse(Reason.FORGED);
        }
        JoinClaims claims = JoinClaims.parse(payload(token));
        if (claims == null) {
            return refuse(Reason.UNREADABLE);
        }
        if (!claims.room().equals(wish.room())) {
            return refuse(Reason.OTHER_ROOM);
        }
        long now = clock.instant().getEpochSecond();
        if (claims.from() > now + SKEW_SECONDS) {
            return refuse(Reason.EARLY);
        }
        if (claims.expires() <= now - SKEW_SECONDS) {
            return refuse(Reason.EXPIRED);
        }
        if (claims.joinsOnly() && wish.createsRoom()) {
            return refuse(Reason.NOBODY_THERE);
        }
        return claims.once() == null ? admission(claims) : use(claims, claims.once(), now);
    }

    /** The room may be gone by the time that it is entered. */
    private static Admission admission(JoinClaims claims) {
        return claims.joinsOnly() ? claims.admission().joiningOnly() : claims.admission();
    }

    private Admission use(JoinClaims claims, String id, long now) {
        // Forgotten no sooner than it is refused for its age.
        return switch (used.use(id, claims.expires(), now - SKEW_SECONDS)) {
            case USED_NOW -> admission(claims);
            case USED_BEFORE -> refuse(Reason.USED);
            case FULL -> refuse(Reason.FULL);
        };
    }

    /** Compares what is written, not what it decodes to, of which there is more than one writing. */
    private boolean isSigned(String token) {
        int dot = token.indexOf('.');
        if (token.length() > MAX_CHARS || dot < 0 || token.length() - dot - 1 != SIGNATURE_CHARS) {
            return false;
        }
        String payload = token.substring(0, dot);
        byte[] shown = token.substring(dot + 1).getBytes(UTF_8);
        boolean signed = false;
        for (SecretKeySpec key : keys) {
            signed |= MessageDigest.isEqual(signature(key, payload).getBytes(US_ASCII), shown);
        }
        return signed;
    }

    private static byte[] payload(String token) {
        try {
            return Base64.getUrlDecoder().decode(token.substring(0, token.indexOf('.')));
        } catch (IllegalArgumentException e) {
            return new byte[0]; // which is no JSON either
        }
    }

    private static String signature(SecretKeySpec key, String payload) {
        try {
            Mac mac = Mac.getInstance(ALGORITHM);
            mac.init(key);
            return ENCODER.encodeToString(mac.doFinal(payload.getBytes(UTF_8)));
        } catch (GeneralSecurityException e) {
            throw new IllegalStateException("Every JDK has " + ALGORITHM, e);
        }
    }

    private static Admission refuse(Reason reason) {
        LOGGER.debug("A token was refused: {}", reason);
        return Admission.refuse(reason.text);
    }

    /** Why a token is refused. What might help to forge one is told to the log only. */
    private enum Reason {
        MISSING("a token is needed"),
        FORGED("the token is not valid"),
        UNREADABLE("the token is not valid"),
        OTHER_ROOM("the token is not valid"),
        EARLY("the token is not valid yet"),
        EXPIRED("the token has expired"),
        USED("the token has been used"),
        NOBODY_THERE("nobody has opened the room yet"),
        FULL("no more tokens of single use are taken for now");

        private final String text;

        Reason(String text) {
            this.text = text;
        }
    }

    /** Builds a policy. Not thread-safe. */
    public static final class Builder {
        private static final int LEAST_SECRET_BYTES = 32;

        private final List<SecretKeySpec> keys = new ArrayList<>();
        private InstantSource clock = InstantSource.system();
        private int maxUsed = 100_000;

        private Builder(String secret) {
            keys.add(key(secret));
        }

        /**
         * Accepts what another secret has signed, besides: the one before, or the one that comes next on other nodes.
         *
         * <p>To go over to a new secret while nobody is refused, first let all nodes accept it, then let them sign with it and accept the old
         * one, and when the last token of the old one has expired, drop that.
         *
         * @param secret as for {@link JoinTokens#hmac}
         * @return this builder
         * @throws IllegalArgumentException as {@link JoinTokens#hmac} does
         */
        public Builder accept(String secret) {
            keys.add(key(secret));
            return this;
        }

        /**
         * Sets how many used tokens of single use are remembered until they expire: 100,000 unless set, which take some 20 MB. Beyond,
         * a token of single use is refused, and not used up; others are let in as ever.
         *
         * @param tokens at least 1
         * @return this builder
         * @throws IllegalArgumentException if it is not so
         */
        public Builder maxUsed(int tokens) {
            maxUsed = (int) Setting.atLeast("maxUsed", tokens, 1);
            return this;
        }

        /**
         * Sets the clock: the system's unless set.
         *
         * @param clock what time it is
         * @return this builder
         */
        public Builder clock(InstantSource clock) {
            this.clock = Objects.requireNonNull(clock, "clock");
            return this;
        }

        /**
         * Makes the policy.
         *
         * @return the policy
         */
        public JoinTokens build() {
            return new JoinTokens(this);
        }

        private static SecretKeySpec key(String secret) {
            byte[] bytes = secret.getBytes(UTF_8);
            if (bytes.length < LEAST_SECRET_BYTES) {
                throw new IllegalArgumentException(
                        "secret: " + bytes.length + " bytes (expected: >= " + LEAST_SECRET_BYTES + ")");
            }
            return new SecretKeySpec(bytes, ALGORITHM);
        }
    }
}
