package dev.parley.testkit;

import io.netty.handler.codec.http.HttpHeaders;

/**
 * An interim response that came ahead of an answer
 * (<a href="https://www.rfc-editor.org/rfc/rfc9110#section-15.2">RFC 9110 section 15.2</a>).
 *
 * @param status 100, or 102 to 199
 * @param headers its fields as they came, without pseudo-headers
 */
public record TestInterim(int status, HttpHeaders headers) {}
