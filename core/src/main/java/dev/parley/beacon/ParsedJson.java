package dev.parley.beacon;

import org.jspecify.annotations.Nullable;
import tools.jackson.core.JacksonException;
import tools.jackson.core.StreamReadConstraints;
import tools.jackson.core.StreamReadFeature;
import tools.jackson.core.TokenStreamLocation;
import tools.jackson.core.exc.StreamConstraintsException;
import tools.jackson.core.json.JsonFactory;
import tools.jackson.databind.DeserializationFeature;
import tools.jackson.databind.JsonNode;
import tools.jackson.databind.json.JsonMapper;

/** A body as JSON: the tree, or what is wrong. Of members of one name the last counts (RFC 8259 section 4 leaves it open). */
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

    /** Reads UTF-8, and what else JSON once could be in. */
    static ParsedJson of(byte[] bytes) {
        try {
            return parsed(MAPPER.readTree(bytes));
        } catch (JacksonException e) {
            return new ParsedJson(null, flaw(e));
        }
    }

    static ParsedJson of(String text) {
        try {
            return parsed(MAPPER.readTree(text));
        } catch (JacksonException e) {
            return new ParsedJson(null, flaw(e));
        }
    }

    private static ParsedJson parsed(@Nullable JsonNode tree) {
        return tree == null || tree.isMissingNode()
                ? new ParsedJson(null, "no JSON: there is nothing")
                : new ParsedJson(tree, null);
    }

    /** The parser's own message is of no use, as it quotes the body. */
    private static String flaw(JacksonException e) {
        String what = e instanceof StreamConstraintsException
                ? "JSON over a limit (" + MAX_DEPTH + " levels, numbers of 1,000 digits)"
                : "not JSON";
        TokenStreamLocation at = e.getLocation();
        return at == null || at.getLineNr() < 1
                ? what
                : what + ": line " + at.getLineNr() + ", column " + at.getColumnNr();
    }
}
