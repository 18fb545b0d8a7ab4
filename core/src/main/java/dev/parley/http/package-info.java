/**
 * Exchanges, endpoints and routes: HTTP as an application sees it, the same over HTTP/1.1, over HTTP/2 and in the
 * test kit.
 *
 * <p>An {@link dev.parley.http.Endpoint} answers an {@link dev.parley.http.Exchange}; {@link dev.parley.http.Routes}
 * choose the endpoint by method and path; {@link dev.parley.http.ParleyHandler} serves routes in a Netty pipeline.
 */
@NullMarked
package dev.parley.http;

import org.jspecify.annotations.NullMarked;
