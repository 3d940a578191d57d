/// Texts with references in them, bound to what they stand for.
struct TextBinder {
  let decoder: NodeDecoder
  let resolver: ReferenceResolver

  var diagnostics: DiagnosticCollector { decoder.diagnostics }

  /// The template in a scalar; nil after saying what is wrong with it.
  func template(_ text: String, at position: SourcePosition) -> Template? {
    do throws(Template.Fault) {
      return try Template(text)
    } catch {
      diagnostics.error(.badReference, at: position, error.message, hint: error.hint)
      return nil
    }
  }

  /// A text that must be known before the run: a target, a name, a question.
  ///
  /// Nil when it is wrong, or when a parameter in it has no value yet.
  func textKnownBeforeRun(_ node: YAMLNode, _ what: String) -> String? {
    guard let text = decoder.nonEmptyString(node, what),
      let template = template(text, at: node.position)
    else { return nil }
    return join(template, at: node.position, as: what)
  }

  /// A duration, perhaps by reference.
  func duration(_ node: YAMLNode, _ what: String) -> String? {
    guard let text = node.scalar?.text, text.contains("${") else {
      return decoder.duration(node).flatMap { checkPositive($0, at: node.position, what) }
    }
    guard let template = template(text, at: node.position) else { return nil }
    guard let reference = template.wholeReference else {
      decoder.refuse(node, expected: "a duration, as 2m30s, or one reference to a duration")
      return nil
    }
    guard let resolved = resolver.resolve(reference, at: node.position) else { return nil }
    guard resolved.type == .duration else {
      mismatch(reference, resolved.type, expected: "a duration", at: node.position)
      return nil
    }
    return resolved.text.flatMap { checkPositive($0, at: node.position, what) }
  }

  private func checkPositive(
    _ text: String, at position: SourcePosition, _ what: String
  ) -> String? {
    guard let duration = Duration(runbook: text), duration > .zero else {
      diagnostics.error(.outOfRange, at: position, "\(what) must be longer than 0s")
      return nil
    }
    return text
  }

  /// The parts of a template joined; nil unless all of them are known before the run.
  func join(_ template: Template, at position: SourcePosition, as what: String) -> String? {
    guard let parts = parts(of: template, at: position) else { return nil }
    if let later = parts.first(where: \.isLater), case .later(let reference)? = later.value {
      diagnostics.error(
        .notYetKnown, at: position,
        "\(reference) is known only when the run gets there; \(what) must be known before",
        hint: "use a parameter")
      return nil
    }
    let texts = parts.map(\.text)
    return texts.contains(nil) ? nil : texts.compactMap(\.self).joined()
  }

  /// What the parts of a template stand for, each fit to stand within a text.
  func parts(of template: Template, at position: SourcePosition) -> [ResolvedReference]? {
    let isAlone = template.parts.count == 1
    var parts: [ResolvedReference] = []
    var isComplete = true
    for part in template.parts {
      switch part {
      case .text(let text):
        parts.append(ResolvedReference(type: .string, value: .value(.string(text))))
      case .reference(let reference):
        guard let resolved = resolver.resolve(reference, at: position) else {
          isComplete = false
          continue
        }
        guard resolved.type.isTextual else {
          mismatch(
            reference, resolved.type, expected: isAlone ? "text" : "something to put into a text",
            at: position)
          isComplete = false
          continue
        }
        parts.append(resolved)
      }
    }
    guard isComplete, checkLength(of: parts, at: position) else { return nil }
    return parts
  }

  /// Few short references to one long value make a longer text than any file may hold.
  private func checkLength(
    of parts: [ResolvedReference], at position: SourcePosition
  ) -> Bool {
    let bytes = parts.reduce(0) { $0 + ($1.text?.utf8.count ?? 0) }
    guard bytes > YAMLLimits().scalarBytes else { return true }
    diagnostics.error(
      .scalarTooLong, at: position,
      "the text has \(bytes) bytes once its references are filled in; "
        + "at most \(YAMLLimits().scalarBytes) are allowed")
    return false
  }

  func mismatch(
    _ reference: Template.Reference, _ type: ValueType, expected: String,
    at position: SourcePosition
  ) {
    diagnostics.error(
      .wrongType, at: position, "\(reference) is \(type); expected \(expected)",
      hint: type == .string ? "give the parameter a type that fits" : nil)
  }
}
