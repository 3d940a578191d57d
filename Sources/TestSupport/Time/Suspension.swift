/// Waits until the task is cancelled, as for an answer that never comes.
func waitForCancellation() async throws -> Never {
  let (stream, continuation) = AsyncStream.makeStream(of: Never.self)
  for await _ in stream {}
  continuation.finish()
  throw CancellationError()
}
