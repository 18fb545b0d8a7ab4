/**
 * The wire of bodies in several parts: {@code multipart/form-data}
 * (<a href="https://www.rfc-editor.org/rfc/rfc7578">RFC 7578</a>,
 * <a href="https://www.rfc-editor.org/rfc/rfc2046#section-5.1">RFC 2046 section 5.1</a>), and header fields with parameters.
 *
 * <p>A <em>part</em> is one field or file of a form. Its <em>head</em> is its header fields, its <em>data</em> is what follows them. A
 * <em>delimiter</em> is a line break, two hyphens and the boundary.
 */
@NullMarked
package dev.parley.http.codec;

import org.jspecify.annotations.NullMarked;
