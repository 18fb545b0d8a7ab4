package dev.parley.signaling;

import static java.nio.charset.StandardCharsets.UTF_8;
import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatIllegalArgumentException;

import java.security.GeneralSecurityException;
import java.time.Duration;
import java.time.Instant;
import java.time.InstantSource;
import java.util.Base64;
import java.util.List;
import java.util.concurrent.Callable;
import java.util.concurrent.ExecutorService;
import java.util.concurrent.Executors;
import java.util.concurrent.Future;
import java.util.stream.Collectors;
import java.util.stream.IntStream;
import java.util.stream.Stream;
import javax.crypto.Mac;
import javax.crypto.spec.SecretKeySpec;
import org.jspecify.annotations.Nullable;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.ValueSource;
import tools.jackson.databind.json.JsonMapper;
import tools.jackson.databind.node.JsonNodeFactory;
import tools.jackson.databind.node.ObjectNode;

class JoinTokensTest {
    static final String SECRET = "north-north-north-north-north-32";
    private static final String OTHER = "south-south-south-south-south-32";
    private static final String INVALID = "the token is not valid";

    private Instant now = Instant.parse("2026-01-01T00:00:00Z");
    private final InstantSource clock = () -> now;
    private final JoinTokens tokens = JoinTokens.builder(SECRET).clock(clock).build();

    @Test
    void aTokenLetsInToItsRoom() {
        String token = tokens.issue(JoinToken.room("team"));

        Admission admission = join(tokens, "team", token);

        assertThat(admission.refusal()).isNull();
        assertThat(admission.name()).isNull();
        assertThat(admission.metadata()).isNull();
        assertThat(admission.rights()).isNull();
        assertThat(admission.mustKnock()).isFalse();
    }

    @Test
    void aTokenSaysWhoTheHolderIs() {
        ObjectNode metadata = JsonNodeFactory.instance.objectNode().put("team", "näh");
        String token = tokens.issue(
                JoinToken.room("室 1").name("Ann 🙂").metadata(metadata).rights(Right.CALL, Right.OWN));

        Admission admission = join(tokens, "室 1", token);

        assertThat(admission.refusal()).isNull();
        assertThat(admission.name()).isEqualTo("Ann 🙂");
        assertThat(admission.metadata()).isEqualTo(metadata);
        assertThat(admission.rights()).containsExactlyInAnyOrder(Right.CALL, Right.OWN);
    }

    @Test
    void aTokenWithoutRightsHasNone() {
        assertThat(join(tokens, "team", tokens.issue(JoinToken.room("team").rights()))
                        .rights())
                .isEmpty();
    }

    @Test
    void theWireIsAsDocumented() throws Exception {
        JoinToken token = JoinToken.room("team")
                .name("Ann")
                .rights(Right.CALL)
                .validFrom(now.plusSeconds(60))
                .expiresAfter(Duration.ofMillis(1500))
                .joinsOnly();

        assertThat(tokens.issue(token))
                .isEqualTo(signed(
                        SECRET,
                        "{\"v\":1,\"room\":\"team\",\"exp\":1767225662,\"nbf\":1767225660,\"name\":\"Ann\",\"rights\":[\"call\"],"
                                + "\"joinsOnly\":true}"));
    }

    @Test
    void aTokenOfAnotherProgramIsTaken() throws Exception {
        String token =
                signed(SECRET, " {\"exp\":1767225660, \"room\":\"team\", \"v\":1, \"once\":\"0123456789abcdef\"} ");

        assertThat(join(tokens, "team", token).refusal()).isNull();
        assertThat(join(tokens, "team", token).refusal()).isEqualTo("the token has been used");
    }

    @Test
    void withoutATokenNobodyComesIn() {
        assertThat(join(tokens, "team", null).refusal()).isEqualTo("a token is needed");
    }

    @ParameterizedTest
    @ValueSource(strings = {"tea", "team ", "Team", "team2", "*"})
    void aTokenIsForOneRoom(String room) {
        String token = tokens.issue(JoinToken.room("team"));

        assertThat(join(tokens, room, token).refusal()).isEqualTo(INVALID);
    }

    @Test
    void aTokenThatIsAlteredAnywhereIsRefused() {
        String token = tokens.issue(JoinToken.room("team").name("Ann"));
        String alphabet = "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789-_.=é\0 ";

        for (int i = 0; i < token.length(); i++) {
            for (int j = 0; j < alphabet.length(); j++) {
                String altered = token.substring(0, i) + alphabet.charAt(j) + token.substring(i + 1);
                assertThat(join(tokens, "team", altered).refusal())
                        .as(altered)
                        .isEqualTo(altered.equals(token) ? null : INVALID);
            }
        }
    }

    @Test
    void aTokenThatIsCutOrLengthenedIsRefused() {
        String token = tokens.issue(JoinToken.room("team"));

        for (int i = 0; i < token.length(); i++) {
            assertThat(join(tokens, "team", token.substring(0, i)).refusal()).isEqualTo(INVALID);
            assertThat(join(tokens, "team", token.substring(0, i) + "A" + token.substring(i))
                            .refusal())
                    .isEqualTo(INVALID);
        }
        assertThat(join(tokens, "team", token + "=").refusal()).isEqualTo(INVALID);
    }

    @ParameterizedTest
    @ValueSource(
            strings = {
                "",
                ".",
                "..",
                "a.b",
                ".AAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAA",
                "eyJ2IjoxfQ.AAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAA",
                "\uD83D.\uDE00"
            })
    void garbageIsRefused(String token) {
        assertThat(join(tokens, "team", token).refusal()).isEqualTo(INVALID);
    }

    @ParameterizedTest
    @ValueSource(
            strings = {
                "",
                "null",
                "[]",
                "1",
                "{}",
                "{\"room\":\"team\",\"exp\":9999999999}",
                "{\"v\":2,\"room\":\"team\",\"exp\":9999999999}",
                "{\"v\":\"1\",\"room\":\"team\",\"exp\":9999999999}",
                "{\"v\":1,\"exp\":9999999999}",
                "{\"v\":1,\"room\":null,\"exp\":9999999999}",
                "{\"v\":1,\"room\":\"team\"}",
                "{\"v\":1,\"room\":\"team\",\"exp\":\"9999999999\"}",
                "{\"v\":1,\"room\":\"team\",\"exp\":9999999999.5}",
                "{\"v\":1,\"room\":\"team\",\"exp\":99999999999999999999}",
                "{\"v\":1,\"room\":\"team\",\"exp\":9999999999,\"nbf\":null}",
                "{\"v\":1,\"room\":\"team\",\"exp\":9999999999,\"name\":1}",
                "{\"v\":1,\"room\":\"team\",\"exp\":9999999999,\"name\":\"\\n\"}",
                "{\"v\":1,\"room\":\"team\",\"exp\":9999999999,\"metadata\":[]}",
                "{\"v\":1,\"room\":\"team\",\"exp\":9999999999,\"rights\":\"call\"}",
                "{\"v\":1,\"room\":\"team\",\"exp\":9999999999,\"rights\":[\"CALL\"]}",
                "{\"v\":1,\"room\":\"team\",\"exp\":9999999999,\"rights\":[\"rule\"]}",
                "{\"v\":1,\"room\":\"team\",\"exp\":9999999999,\"rights\":[1]}",
                "{\"v\":1,\"room\":\"team\",\"exp\":9999999999,\"joinsOnly\":\"true\"}",
                "{\"v\":1,\"room\":\"team\",\"exp\":9999999999,\"once\":true}",
                "{\"v\":1,\"room\":\"team\",\"exp\":9999999999,\"once\":\"0123456789abcde\"}",
                "{\"v\":1,\"room\":\"team\",\"exp\":9999999999,\"only\":\"10.0.0.1\"}",
                "{\"v\":1,\"room\":\"team\",\"room\":\"team\",\"exp\":9999999999}",
                "{\"v\":1,\"room\":\"team\",\"exp\":9999999999} {}",
                "{\"v\":1,\"room\":\"team\",\"exp\":9999999999"
            })
    void aPayloadThatIsNotAsDocumentedIsRefusedWithARightSignature(String payload) throws Exception {
        assertThat(join(tokens, "team", signed(SECRET, payload)).refusal()).isEqualTo(INVALID);
    }

    @Test
    void whatIsNoBase64IsRefusedWithARightSignature() throws Exception {
        assertThat(join(tokens, "team", "?." + signature(SECRET, "?")).refusal())
                .isEqualTo(INVALID);
    }

    @Test
    void anotherSecretsTokenIsRefused() {
        String token = JoinTokens.builder(OTHER).clock(clock).build().issue(JoinToken.room("team"));

        assertThat(join(tokens, "team", token).refusal()).isEqualTo(INVALID);
    }

    @Test
    void secretsAreRotatedWhileNobodyIsRefused() {
        JoinTokens before =
                JoinTokens.builder(OTHER).accept(SECRET).clock(clock).build();
        JoinTokens after = JoinTokens.builder(SECRET).accept(OTHER).clock(clock).build();
        JoinToken token = JoinToken.room("team");

        assertThat(Stream.of(before, after)
                        .flatMap(signer -> Stream.of(before, after)
                                .map(checker -> join(checker, "team", signer.issue(token))
                                        .refusal())))
                .containsOnlyNulls();
        assertThat(join(tokens, "team", after.issue(token)).refusal())
                .as("signs with the first")
                .isNull();
    }

    @Test
    void aTokenExpires() {
        String token = tokens.issue(JoinToken.room("team").expiresAfter(Duration.ofSeconds(10)));

        assertThat(refusalAfter(14, token)).isNull();
        assertThat(refusalAfter(1, token)).isEqualTo("the token has expired");
        assertThat(refusalAfter(1_000_000, token)).isEqualTo("the token has expired");
    }

    @Test
    void aTokenIsGoodForAnHourUnlessItSaysElse() {
        String token = tokens.issue(JoinToken.room("team"));

        assertThat(refusalAfter(3604, token)).isNull();
        assertThat(refusalAfter(1, token)).isEqualTo("the token has expired");
    }

    @Test
    void aTokenBeginsToBeGood() {
        String token = tokens.issue(
                JoinToken.room("team").validFrom(now.plusSeconds(100)).expiresAfter(Duration.ofSeconds(10)));

        assertThat(refusalAfter(94, token)).isEqualTo("the token is not valid yet");
        assertThat(refusalAfter(1, token)).isNull();
        assertThat(refusalAfter(19, token)).isNull();
        assertThat(refusalAfter(1, token)).isEqualTo("the token has expired");
    }

    @Test
    void timesAtTheEndsOfTheWorldAreNoHarm() throws Exception {
        String payload = "{\"v\":1,\"room\":\"team\",\"exp\":%d,\"nbf\":%d}";

        assertThat(join(tokens, "team", signed(SECRET, payload.formatted(Long.MAX_VALUE, Long.MIN_VALUE)))
                        .refusal())
                .isNull();
        assertThat(join(tokens, "team", signed(SECRET, payload.formatted(Long.MIN_VALUE, Long.MIN_VALUE)))
                        .refusal())
                .isEqualTo("the token has expired");
        assertThat(join(tokens, "team", signed(SECRET, payload.formatted(Long.MAX_VALUE, Long.MAX_VALUE)))
                        .refusal())
                .isEqualTo("the token is not valid yet");
    }

    @Test
    void aTokenThatOnlyJoinsCreatesNoRoom() {
        String token = tokens.issue(JoinToken.room("team").joinsOnly().once());

        assertThat(join(tokens, "team", token, true).refusal()).isEqualTo("nobody has opened the room yet");
        assertThat(join(tokens, "team", token, false).refusal())
                .as("and is not used up")
                .isNull();
    }

    @Test
    void aTokenOfSingleUseIsUsedOnce() {
        JoinToken token = JoinToken.room("team").once();
        String first = tokens.issue(token);
        String second = tokens.issue(token);

        assertThat(join(tokens, "team", first).refusal()).isNull();
        assertThat(join(tokens, "team", first).refusal()).isEqualTo("the token has been used");
        assertThat(join(tokens, "team", second).refusal()).isNull();
    }

    @Test
    void aRefusalDoesNotUseATokenUp() {
        String token = tokens.issue(JoinToken.room("team").once());

        assertThat(join(tokens, "other", token).refusal()).isEqualTo(INVALID);
        assertThat(join(tokens, "team", token).refusal()).isNull();
    }

    @Test
    void aTokenCanBeUsedAgainUnlessItSaysElse() {
        String token = tokens.issue(JoinToken.room("team"));

        assertThat(join(tokens, "team", token).refusal()).isNull();
        assertThat(join(tokens, "team", token).refusal()).isNull();
    }

    @Test
    void aUsedTokenIsNeverForgottenBeforeItIsTooOld() {
        String token = tokens.issue(
                JoinToken.room("team").expiresAfter(Duration.ofSeconds(10)).once());
        assertThat(refusalAfter(0, token)).isNull();

        for (int second = 1; second < 15; second++) {
            join(tokens, "team", tokens.issue(JoinToken.room("team").once()));
            assertThat(refusalAfter(1, token)).isEqualTo("the token has been used");
        }
        assertThat(refusalAfter(1, token)).isEqualTo("the token has expired");
    }

    @Test
    void soManyUsedTokensAreRemembered() {
        JoinTokens few = JoinTokens.builder(SECRET).clock(clock).maxUsed(2).build();
        JoinToken brief =
                JoinToken.room("team").expiresAfter(Duration.ofSeconds(10)).once();
        String one = few.issue(brief.expiresAfter(Duration.ofSeconds(20)));
        String two = few.issue(brief);
        String three = few.issue(brief.expiresAfter(Duration.ofSeconds(30)));
        assertThat(join(few, "team", one).refusal()).isNull();
        assertThat(join(few, "team", two).refusal()).isNull();

        assertThat(join(few, "team", three).refusal()).isEqualTo("no more tokens of single use are taken for now");
        assertThat(join(few, "team", one).refusal()).isEqualTo("the token has been used");
        assertThat(join(few, "team", few.issue(JoinToken.room("team"))).refusal())
                .as("of many uses")
                .isNull();
        now = now.plusSeconds(15); // two is forgotten
        assertThat(join(few, "team", three).refusal()).as("not used up").isNull();
        assertThat(join(few, "team", one).refusal()).isEqualTo("the token has been used");
    }

    @Test
    void ofManyThatComeAtOnceOneIsLetIn() throws Exception {
        String token = tokens.issue(JoinToken.room("team").once());
        ExecutorService threads = Executors.newFixedThreadPool(8);
        try {
            List<Callable<Boolean>> tries = IntStream.range(0, 200)
                    .<Callable<Boolean>>mapToObj(
                            i -> () -> join(tokens, "team", token).refusal() == null)
                    .toList();
            long in = 0;
            for (Future<Boolean> one : threads.invokeAll(tries)) {
                in += one.get() ? 1 : 0;
            }
            assertThat(in).isEqualTo(1);
        } finally {
            threads.shutdownNow();
        }
    }

    @Test
    void aTokenOf4096CharactersIsTakenAndNoLonger() throws Exception {
        String most = signed(SECRET, padded(3039));
        String more = signed(SECRET, padded(3040));

        assertThat(most).hasSize(4096);
        assertThat(join(tokens, "team", most).refusal()).isNull();
        assertThat(join(tokens, "team", more).refusal()).isEqualTo(INVALID);
    }

    @Test
    void noTokenThatIsTooLongIsIssued() {
        ObjectNode metadata = JsonNodeFactory.instance.objectNode().put("a", "b".repeat(4000));

        assertThatIllegalArgumentException()
                .isThrownBy(() -> tokens.issue(JoinToken.room("team").metadata(metadata)))
                .withMessageMatching("token: \\d{4} characters \\(expected: up to 4096\\)");
    }

    @Test
    void aSecretHas32Bytes() {
        assertThatIllegalArgumentException()
                .isThrownBy(() -> JoinTokens.hmac("x".repeat(31)))
                .withMessage("secret: 31 bytes (expected: >= 32)");
        assertThatIllegalArgumentException()
                .isThrownBy(() -> JoinTokens.builder(SECRET).accept(""))
                .withMessage("secret: 0 bytes (expected: >= 32)");
    }

    @Test
    void settingsAreChecked() {
        assertThatIllegalArgumentException()
                .isThrownBy(() -> JoinTokens.builder(SECRET).maxUsed(0))
                .withMessage("maxUsed: 0 (expected: >= 1)");
    }

    @Test
    void aTokenHasTheLimitsOfARoom() {
        assertThatIllegalArgumentException()
                .isThrownBy(() -> JoinToken.room(""))
                .withMessage("room: 0 characters (expected: 1 to 128)");
        assertThatIllegalArgumentException()
                .isThrownBy(() -> JoinToken.room("a".repeat(129)))
                .withMessage("room: 129 characters (expected: 1 to 128)");
        assertThatIllegalArgumentException()
                .isThrownBy(() -> JoinToken.room("a\nb"))
                .withMessage("room: a control character or half a surrogate pair (expected: neither)");
        assertThatIllegalArgumentException()
                .isThrownBy(() -> JoinToken.room("team").name("\uD83D"))
                .withMessage("name: a control character or half a surrogate pair (expected: neither)");
        assertThatIllegalArgumentException()
                .isThrownBy(() -> JoinToken.room("team").name("a".repeat(65)))
                .withMessage("name: 65 characters (expected: 0 to 64)");
        assertThatIllegalArgumentException()
                .isThrownBy(() -> JoinToken.room("team").metadata(JsonNodeFactory.instance.arrayNode()))
                .withMessage("metadata: ARRAY (expected: a JSON object)");
        assertThatIllegalArgumentException()
                .isThrownBy(() -> JoinToken.room("team").expiresAfter(Duration.ZERO))
                .withMessage("expiresAfter: PT0S (expected: PT1S to PT8760H)");
        assertThatIllegalArgumentException()
                .isThrownBy(() -> JoinToken.room("team").expiresAfter(Duration.ofDays(366)))
                .withMessage("expiresAfter: PT8784H (expected: PT1S to PT8760H)");
    }

    @Test
    void aTokenIsImmutable() {
        ObjectNode metadata = JsonNodeFactory.instance.objectNode();
        JoinToken token = JoinToken.room("team").metadata(metadata);

        token.name("Ann").rights(Right.OWN).once().joinsOnly();
        metadata.put("a", 1);

        Admission admission = join(tokens, "team", tokens.issue(token), true);
        assertThat(admission.name()).isNull();
        assertThat(admission.rights()).isNull();
        assertThat(admission.metadata()).isEmpty();
    }

    @Test
    void noSecretIsPrinted() {
        String printed = Stream.of(
                        tokens,
                        JoinTokens.builder(SECRET),
                        JoinToken.room("team").once())
                .map(Object::toString)
                .collect(Collectors.joining());

        assertThat(printed).doesNotContain(SECRET).contains("JoinToken[room=team, expiresAfter=PT1H, once]");
    }

    private @Nullable String refusalAfter(long seconds, String token) {
        now = now.plusSeconds(seconds);
        return join(tokens, "team", token).refusal();
    }

    private static String padded(int bytes) {
        String payload = "{\"v\":1,\"room\":\"team\",\"exp\":9999999999}";
        return payload + " ".repeat(bytes - payload.length());
    }

    static Admission join(JoinTokens tokens, String room, @Nullable String token) {
        return join(tokens, room, token, true);
    }

    /** The policy looks at no exchange. */
    @SuppressWarnings("NullAway")
    private static Admission join(JoinTokens tokens, String room, @Nullable String token, boolean createsRoom) {
        ClientSignal.Join join =
                new ClientSignal.Join(room, "Bob", JsonMapper.shared().createObjectNode(), token);
        return tokens.join(new JoinRequest(null, join, createsRoom))
                .toCompletableFuture()
                .join();
    }

    /** As the Javadoc says, and not with what is tested. */
    static String signed(String secret, String payload) throws GeneralSecurityException {
        String encoded = Base64.getUrlEncoder().withoutPadding().encodeToString(payload.getBytes(UTF_8));
        return encoded + "." + signature(secret, encoded);
    }

    private static String signature(String secret, String encoded) throws GeneralSecurityException {
        Mac mac = Mac.getInstance("HmacSHA256");
        mac.init(new SecretKeySpec(secret.getBytes(UTF_8), "HmacSHA256"));
        return Base64.getUrlEncoder().withoutPadding().encodeToString(mac.doFinal(encoded.getBytes(UTF_8)));
    }
}
