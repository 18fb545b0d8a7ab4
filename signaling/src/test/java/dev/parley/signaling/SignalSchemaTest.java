package dev.parley.signaling;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import dev.parley.websocket.MessageException;
import java.io.IOException;
import java.lang.reflect.RecordComponent;
import java.math.BigInteger;
import java.util.Arrays;
import java.util.List;
import java.util.Locale;
import java.util.Set;
import java.util.TreeSet;
import java.util.stream.Collectors;
import java.util.stream.Stream;
import org.jspecify.annotations.Nullable;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.MethodSource;
import tools.jackson.databind.JsonNode;
import tools.jackson.databind.node.JsonNodeFactory;
import tools.jackson.databind.node.ObjectNode;

/** The schema in the jar says what the records and {@link SignalFormat} do, no less and no more. */
class SignalSchemaTest {
    private static final JsonSchema SCHEMA = schema();
    private static final JsonNode METADATA =
            JsonNodeFactory.instance.objectNode().put("camera", true);

    private static JsonSchema schema() {
        try {
            return JsonSchema.ofSignals();
        } catch (IOException e) {
            throw new AssertionError(e);
        }
    }

    // ---- its definitions are the records

    private static Stream<Class<?>> leaves(Class<?> type) {
        return type.isSealed()
                ? Arrays.stream(type.getPermittedSubclasses()).flatMap(it -> leaves(it))
                : Stream.of(type);
    }

    static Stream<Class<?>> clientSignals() {
        return leaves(ClientSignal.class).distinct();
    }

    static Stream<Class<?>> serverSignals() {
        return leaves(ServerSignal.class);
    }

    private static String type(Class<?> signal) {
        return signal == ServerSignal.Failure.class
                ? "error"
                : signal.getSimpleName().replaceAll("(?<=[a-z])(?=[A-Z])", "-").toLowerCase(Locale.ROOT);
    }

    private static Set<String> components(Class<?> signal, boolean alsoNullable) {
        return Arrays.stream(signal.getRecordComponents())
                .filter(component -> alsoNullable || !isNullable(component))
                .map(RecordComponent::getName)
                .collect(Collectors.toCollection(TreeSet::new));
    }

    private static boolean isNullable(RecordComponent component) {
        return component.getAnnotatedType().isAnnotationPresent(Nullable.class);
    }

    private static Set<String> members(JsonNode object) {
        return new TreeSet<>(object.propertyNames());
    }

    private static Set<String> required(JsonNode schema) {
        return schema.path("required")
                .valueStream()
                .map(JsonNode::stringValue)
                .collect(Collectors.toCollection(TreeSet::new));
    }

    @ParameterizedTest
    @MethodSource("clientSignals")
    void whatAPeerSaysHasTheComponentsOfItsRecord(Class<?> signal) {
        JsonNode payload = SCHEMA.definition("client." + type(signal)).at("/properties/payload");

        assertThat(members(payload.path("properties"))).isEqualTo(components(signal, true));
        assertThat(components(signal, false)).containsAll(required(payload));
    }

    @ParameterizedTest
    @MethodSource("serverSignals")
    void whatTheServerSaysHasTheComponentsOfItsRecordAndWhatMayBeMissingIsNullable(Class<?> signal) {
        assertRecord(SCHEMA.definition("server." + type(signal)).at("/properties/payload"), signal);
    }

    @Test
    void whatIsInSignalsHasTheComponentsOfItsRecord() {
        assertRecord(SCHEMA.definition("peer"), ServerSignal.PeerView.class);
        assertRecord(SCHEMA.definition("room"), ServerSignal.RoomView.class);
        assertRecord(SCHEMA.definition("iceServer"), IceServer.class);
    }

    private static void assertRecord(JsonNode schema, Class<?> type) {
        assertThat(members(schema.path("properties"))).isEqualTo(components(type, true));
        assertThat(required(schema)).isEqualTo(components(type, false));
    }

    @Test
    void itHasNoOtherSignals() {
        assertThat(defined("client.")).isEqualTo(types(clientSignals(), "client."));
        Set<String> said = types(serverSignals(), "server.");
        said.add("server.reply");
        assertThat(defined("server.")).isEqualTo(said);
        assertThat(listed("client")).isEqualTo(defined("client."));
        assertThat(listed("server")).isEqualTo(defined("server."));
    }

    private static Set<String> types(Stream<Class<?>> signals, String prefix) {
        return signals.map(signal -> prefix + type(signal)).collect(Collectors.toCollection(TreeSet::new));
    }

    private static Set<String> defined(String prefix) {
        Set<String> names = members(SCHEMA.definitions());
        names.removeIf(name -> !name.startsWith(prefix));
        return names;
    }

    private static Set<String> listed(String definition) {
        return SCHEMA.definition(definition)
                .path("oneOf")
                .valueStream()
                .map(one -> one.path("$ref").stringValue().substring("#/$defs/".length()))
                .collect(Collectors.toCollection(TreeSet::new));
    }

    @Test
    void wordsAreThoseOfTheEnums() {
        assertThat(words("welcome", "/properties/rights/items/enum"))
                .isEqualTo(SignalFormat.words(List.of(Right.values())));
        assertThat(words("left", "/properties/reason/enum"))
                .isEqualTo(SignalFormat.words(List.of(LeaveReason.values())));
        assertThat(words("peer-left", "/properties/reason/enum"))
                .isEqualTo(SignalFormat.words(List.of(LeaveReason.values())));
    }

    private static List<String> words(String type, String path) {
        return SCHEMA.definition("server." + type)
                .at("/properties/payload" + path)
                .valueStream()
                .map(JsonNode::stringValue)
                .toList();
    }

    // ---- what comes in

    private static ObjectNode example(Class<?> signal) {
        JsonNode examples = SCHEMA.definition("client." + type(signal)).path("examples");
        assertThat(examples.size()).isOne();
        return (ObjectNode) examples.path(0).deepCopy();
    }

    private static boolean isRead(JsonNode message) {
        try {
            SignalFormat.read(SignalFormat.tree(message.toString()));
            return true;
        } catch (MessageException e) {
            assertThat(e.code()).isEqualTo(MessageException.INVALID_PAYLOAD);
            return false;
        }
    }

    @ParameterizedTest
    @MethodSource("clientSignals")
    void itsExampleIsWholeAndIsRead(Class<?> signal) throws ReflectiveOperationException {
        ObjectNode example = example(signal);

        assertThat(SCHEMA.check("client", example.toString())).isEmpty();
        assertThat(members(example.path("payload"))).isEqualTo(components(signal, true));
        ClientSignal read = SignalFormat.read(SignalFormat.tree(example.toString()));
        assertThat(read).isInstanceOf(signal);
        for (RecordComponent component : signal.getRecordComponents()) {
            Object value = component.getAccessor().invoke(read);
            assertThat(SignalFormat.MAPPER.<JsonNode>valueToTree(value))
                    .as(component.getName())
                    .hasToString(
                            example.path("payload").path(component.getName()).toString());
        }
    }

    @ParameterizedTest
    @MethodSource("clientSignals")
    void whatMayBeMissingOrNullIsWhatTheSchemaSays(Class<?> signal) {
        for (String member : components(signal, true)) {
            ObjectNode missing = example(signal);
            ((ObjectNode) missing.path("payload")).remove(member);
            assertSame(missing);
            ObjectNode isNull = example(signal);
            ((ObjectNode) isNull.path("payload")).putNull(member);
            assertSame(isNull);
        }
        ObjectNode bare = example(signal);
        bare.remove("payload");
        assertSame(bare);
    }

    @ParameterizedTest
    @MethodSource("clientSignals")
    void whatIsOfAnotherTypeIsRefusedAsTheSchemaSays(Class<?> signal) {
        JsonNodeFactory json = JsonNodeFactory.instance;
        for (String member : components(signal, true)) {
            for (JsonNode value : List.of(
                    json.booleanNode(true),
                    json.numberNode(1.5),
                    json.numberNode(-1),
                    json.numberNode(new BigInteger("9223372036854775808")),
                    json.arrayNode(),
                    json.objectNode())) {
                ObjectNode other = example(signal);
                ((ObjectNode) other.path("payload")).set(member, value);
                assertSame(other);
            }
        }
    }

    /** That the schema and the code agree. */
    private static void assertSame(JsonNode message) {
        assertThat(SCHEMA.check("client." + message.path("type").stringValue(), message.toString())
                        .isEmpty())
                .as(message.toString())
                .isEqualTo(isRead(message));
    }

    @Test
    void whatTheFirewallWantsOfNamesIsWhatTheSchemaSays() {
        Firewall firewall = new Firewall(new Firewall.Rules(65_536, 1024, false, false));
        for (String text : List.of("", "0", "a b", "a-b", "é", "{x}", "abc", "abcd", "a+/9", "abc=", "x".repeat(65))) {
            assertName(text, "sdpMid", () -> firewall.names(text, null, null));
            assertName(text, "usernameFragment", () -> firewall.names(null, null, text));
        }
    }

    private static void assertName(String text, String member, Runnable check) {
        ObjectNode message = example(ClientSignal.Candidate.class);
        ((ObjectNode) message.path("payload")).put(member, text);
        if (SCHEMA.check("client.candidate", message.toString()).isEmpty()) {
            check.run();
        } else {
            assertThatThrownBy(check::run).as(text).isInstanceOf(MessageException.class);
        }
    }

    // ---- what goes out

    static Stream<ServerSignal> samples() {
        ServerSignal.PeerView peer = new ServerSignal.PeerView("kT3vQ1", "Ann", METADATA, true, false);
        ServerSignal.RoomView room = new ServerSignal.RoomView("team", METADATA, false, 16, false);
        List<IceServer> servers = List.of(
                new IceServer(List.of("stun:stun.example"), null, null),
                new IceServer(List.of("turn:turn.example"), "1767229260:kT3vQ1", "c2VjcmV0"));
        return Stream.of(
                new ServerSignal.Welcome(
                        "kT3vQ1", "c2VjcmV0", 15_000, false, 0, Set.of(Right.values()), room, List.of(peer), servers),
                new ServerSignal.Welcome("kT3vQ1", "c2VjcmV0", 0, true, 7, Set.of(), room, List.of(), List.of()),
                new ServerSignal.Waiting(),
                new ServerSignal.Knock("kT3vQ1", "", METADATA),
                new ServerSignal.KnockEnded("kT3vQ1"),
                new ServerSignal.PeerJoined(peer),
                new ServerSignal.PeerUpdated(peer),
                new ServerSignal.PeerLeft("kT3vQ1", LeaveReason.LOST),
                new ServerSignal.RoomUpdated(room),
                new ServerSignal.Offer("kT3vQ1", "v=0\r\n", 0),
                new ServerSignal.Answer("kT3vQ1", "v=0\r\n", 1),
                new ServerSignal.Candidate("kT3vQ1", "", null, null, null, 0),
                new ServerSignal.Candidate("kT3vQ1", "candidate:1", "0", 0, "aB3+", 0),
                new ServerSignal.Restart("kT3vQ1"),
                new ServerSignal.Message(null, JsonNodeFactory.instance.nullNode()),
                new ServerSignal.Message("kT3vQ1", METADATA),
                new ServerSignal.IceServersChanged(servers),
                new ServerSignal.Ping(),
                new ServerSignal.Left(LeaveReason.EVICTED, ""),
                new ServerSignal.Failure("room_full", "peers: 2 (expected: at most 2)"));
    }

    @Test
    void thereIsASampleOfEach() {
        assertThat(samples().map(Object::getClass).distinct())
                .containsExactlyInAnyOrderElementsOf(serverSignals().toList());
    }

    @ParameterizedTest
    @MethodSource("samples")
    void whatIsWrittenIsWhatTheSchemaSays(ServerSignal signal) {
        String name = "server." + type(signal.getClass());
        boolean counts = SCHEMA.definition(name).path("properties").has("seq");
        String written = SignalFormat.with(SignalFormat.write(signal), counts ? 1 : 0, null);

        assertThat(SCHEMA.check(name, written)).isEmpty();
        assertThat(SCHEMA.check("server", written)).isEmpty();
        JsonNode payload = SignalFormat.tree(written).path("payload");
        assertThat(components(signal.getClass(), true)).containsAll(members(payload));
    }

    @Test
    void answersHaveTheirId() {
        assertThat(SCHEMA.check("server", SignalFormat.reply("a \"b\""))).isEmpty();
        assertThat(SCHEMA.check("server", SignalFormat.reply(Long.MIN_VALUE))).isEmpty();
        assertThat(SCHEMA.check("server", SignalFormat.with(SignalFormat.write(new ServerSignal.Waiting()), 0, 1L)))
                .isEmpty();
    }
}
