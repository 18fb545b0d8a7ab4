package dev.parley.beacon;

import org.jspecify.annotations.Nullable;
import tools.jackson.core.JacksonException;
import tools.jackson.core.JsonParser;
import tools.jackson.core.StreamReadConstraints;
import tools.jackson.core.StreamReadFeature;
import tools.jackson.core.TokenStreamLocation;
import tools.jackson.core.exc.StreamConstraintsException;
import tools.jackson.core.json.JsonFactory;
import tools.jackson.databind.DeserializationFeature;
import tools.jackson.databind.JsonNode;
import tools.jackson.databind.json.JsonMapper;

/**
 * A body as JSON: the tree, or what is wrong. Of members of one name the last counts (RFC 8259 section 4 leaves it open), but in reports: no
 * browser writes them so, and what a tree does not show can't be scrubbed.
 */
record ParsedJson(@Nullable JsonNode tree, @Nullable String flaw) {
    /** As deep as the bodies of all other requests may be. */
    private static final int MAX_DEPTH = 64;

    static final JsonMapper MAPPER = JsonMapper.builder(JsonFactory.builder()
                    .streamReadConstraints(StreamReadConstraints.builder()
                            .maxNestingDepth(MAX_DEPTH)
                            .build())
                    .build())
            .disable(StreamReadFeature.INCLUDE_SOURCE_IN_LOCATION)
            .disable(DeserializationFeature.FAIL_ON_UNKNOWN_PROPERTIES)
            .enable(DeserializationFeature.FAIL_ON_TRAILING_TOKENS)
            .build();

    private static final JsonMapper UNIQUE = MAPPER.rebuild()
            .enable(DeserializationFeature.FAIL_ON_READING_DUP_TREE_KEY)
            .build();

    /** Reads UTF-8, and what else JSON once could be in. */
    static ParsedJson of(byte[] bytes) {
        return read(MAPPER, bytes);
    }

    /** The same for reports, none of whose members may come twice. */
    static ParsedJson ofReports(byte[] bytes) {
        ParsedJson parsed = read(UNIQUE, bytes);
        boolean twice = parsed.tree() == null && of(bytes).tree() != null;
        return twice ? new ParsedJson(null, "JSON with a member twice") : parsed;
    }

    private static ParsedJson read(JsonMapper mapper, byte[] bytes) {
        try (JsonParser parser = mapper.createParser(bytes)) {
            return read(mapper, parser);
        } catch (JacksonException e) {
            return new ParsedJson(null, flaw(e, e.getLocation())); // the very first bytes are of no encoding
        }
    }

    static ParsedJson of(String text) {
        try (JsonParser parser = MAPPER.createParser(text)) {
            return read(MAPPER, parser);
        }
    }

    private static ParsedJson read(JsonMapper mapper, JsonParser parser) {
        try {
            JsonNode tree = mapper.readTree(parser);
            return tree == null || tree.isMissingNode()
                    ? new ParsedJson(null, "no JSON: there is nothing")
                    : new ParsedJson(tree, null);
        } catch (JacksonException e) {
            TokenStreamLocation known = e.getLocation();
            return new ParsedJson(null, flaw(e, known == null ? parser.currentLocation() : known));
        }
    }

    /** The parser's own message is of no use, as it quotes the body. */
    private static String flaw(JacksonException e, @Nullable TokenStreamLocation at) {
        String what = e instanceof StreamConstraintsException
                ? "JSON over a limit (" + MAX_DEPTH + " levels, numbers of 1,000 digits)"
                : "not JSON";
        return what + place(at);
    }

    private static String place(@Nullable TokenStreamLocation at) {
        return at == null || at.getLineNr() < 1 ? "" : ": line " + at.getLineNr() + ", column " + at.getColumnNr();
    }
}
