//! The calls of a case, and how they print as code.

use std::collections::HashMap;
use std::fmt::Write as _;

use nessie_backend_core::{SnapshotId, VolumeId, VolumePatch, VolumeSpec, VolumeState};
use serde::ser::{Serialize, SerializeStruct, Serializer};

use crate::feature::Tier;
use crate::oracle::call::{Answer, Call, Value};
use crate::oracle::route::Route;
use crate::spelling::Spelling;

/// The calls that a case made, in order. Prints as code to paste: each created object is assigned
/// to a variable, which later calls use.
///
/// Serialises as `{"rust": text, "python": text}`.
#[derive(Clone, Debug, Default)]
pub struct Trace {
    steps: Vec<Step>,
}

/// A call and its answer; without an answer, the call had not returned.
#[derive(Clone, Debug)]
pub(crate) struct Step {
    pub(crate) call: Call,
    /// The object on which the call was made.
    pub(crate) route: Route,
    pub(crate) answer: Option<Answer>,
    /// The number of the thread, from 1, if the call was concurrent with those of other threads.
    pub(crate) thread: Option<usize>,
}

/// Number of calls printed from the beginning and the end of a long trace.
const HEAD: usize = 40;
const TAIL: usize = 40;

impl Trace {
    pub(crate) fn new(steps: Vec<Step>) -> Self {
        Self { steps }
    }

    pub(crate) fn steps(&self) -> &[Step] {
        &self.steps
    }

    /// The calls, the objects on which they were made, and their answers, without lists. A call that
    /// had not returned has no answer.
    #[cfg(feature = "oracle")]
    pub fn calls(&self) -> impl Iterator<Item = (&Call, Route, Option<&Answer>)> {
        self.steps.iter().map(|step| (&step.call, step.route, step.answer.as_ref()))
    }

    /// The number of calls.
    #[must_use]
    pub fn len(&self) -> usize {
        self.steps.len()
    }

    /// Whether there are no calls.
    #[must_use]
    pub fn is_empty(&self) -> bool {
        self.steps.is_empty()
    }

    /// Whether the last call had not returned.
    pub(crate) fn is_under_way(&self) -> bool {
        self.steps.last().is_some_and(|step| step.answer.is_none())
    }

    /// The calls as Rust, with `b` the backend, after the `use` that they need. The last line prints
    /// the answer that is wrong. A very long trace is cut in the middle.
    #[must_use]
    pub fn as_rust(&self) -> String {
        self.print(&Rust)
    }

    /// The calls as Python, with `b` the backend, after the imports that they need. The last line
    /// prints the answer that is wrong, or raises it. A very long trace is cut in the middle.
    #[must_use]
    pub fn as_python(&self) -> String {
        self.print(&Python)
    }

    fn print(&self, language: &dyn Language) -> String {
        let mut names = Names::default();
        let mut shown = None;
        let last = self.steps.len().saturating_sub(1);
        let mut lines: Vec<String> = Vec::new();
        let mut thread = None;
        for (at, step) in self.steps.iter().enumerate() {
            if step.thread != thread {
                thread = step.thread;
                lines.push(language.comment(&thread.map_or("afterwards:".to_owned(), |number| {
                    format!("at the same time, in thread {number}:")
                })));
            }
            let call = language.call(&step.call, step.route, &names);
            let variable = names.learn(step);
            lines.push(match &step.answer {
                None => format!("{}  {}", language.plain(&call), language.comment("no answer")),
                Some(Ok(_)) => match variable {
                    Some(variable) => {
                        let statement = language.bound(&variable, &call);
                        shown = (at == last).then_some(variable);
                        statement
                    }
                    None if at == last && !step.call.returns_nothing() => language.shown(&call),
                    None => language.plain(&call),
                },
                Some(Err(refusal)) => {
                    let comment = language.comment(&format!("refused: {}", refusal.code));
                    let text =
                        if at == last { language.raised(&call) } else { language.refused(&call) };
                    format!("{text}  {comment}")
                }
            });
        }
        lines.extend(shown.map(|variable| language.shown_variable(&variable)));
        if lines.len() > HEAD + TAIL + 1 {
            let left_out = lines.len() - HEAD - TAIL;
            let comment = language.comment(&format!("… {left_out} more calls …"));
            lines.splice(HEAD..HEAD + left_out, [comment]);
        }
        lines.splice(0..0, language.imports(&lines));
        lines.join("\n")
    }
}

impl Serialize for Trace {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        let mut fields = serializer.serialize_struct("Trace", 2)?;
        fields.serialize_field("rust", &self.as_rust())?;
        fields.serialize_field("python", &self.as_python())?;
        fields.end()
    }
}

/// The variables of created objects.
#[derive(Debug, Default)]
struct Names {
    volumes: HashMap<VolumeId, String>,
    snapshots: HashMap<SnapshotId, String>,
    clones: usize,
}

impl Names {
    /// The variable of the object whose identifier the text spells, and how.
    fn spelled(&self, text: &str) -> Option<(&str, Spelling)> {
        let (id, spelling) = Spelling::read(text)?;
        let volume = self.volumes.get(&VolumeId::new(id));
        let variable = volume.or_else(|| self.snapshots.get(&SnapshotId::new(id)))?;
        Some((variable, spelling))
    }

    /// Assigns a variable to the object that the call created, if it created one.
    fn learn(&mut self, step: &Step) -> Option<String> {
        let name = match (&step.call, step.answer.as_ref()?.as_ref().ok()?) {
            (Call::CreateVolume(_), Value::Volume(volume)) => {
                let name = format!("vol{}", self.volumes.len() - self.clones + 1);
                self.volumes.insert(volume.uuid, name.clone());
                name
            }
            (Call::CreateClone(..), Value::Volume(volume)) => {
                self.clones += 1;
                let name = format!("clone{}", self.clones);
                self.volumes.insert(volume.uuid, name.clone());
                name
            }
            (Call::CreateSnapshot(..), Value::Snapshot(snapshot)) => {
                let name = format!("snap{}", self.snapshots.len() + 1);
                self.snapshots.insert(snapshot.uuid, name.clone());
                name
            }
            _ => return None,
        };
        Some(name)
    }
}

/// A language that calls are printed in.
trait Language {
    /// The call as an expression.
    fn call(&self, call: &Call, route: Route, names: &Names) -> String;
    /// A statement that assigns the result to a variable.
    fn bound(&self, variable: &str, call: &str) -> String;
    /// A statement that expects the call to succeed.
    fn plain(&self, call: &str) -> String;
    /// A statement that ignores an error.
    fn refused(&self, call: &str) -> String;
    /// A statement that shows the error of the call.
    fn raised(&self, call: &str) -> String;
    /// A statement that expects the call to succeed and prints its result.
    fn shown(&self, call: &str) -> String;
    /// A statement that prints a variable.
    fn shown_variable(&self, variable: &str) -> String;
    /// The imports of the lines.
    fn imports(&self, lines: &[String]) -> Vec<String>;
    fn comment(&self, text: &str) -> String;
}

struct Rust;

impl Language for Rust {
    fn call(&self, call: &Call, route: Route, names: &Names) -> String {
        let volume = |id: &VolumeId| match names.volumes.get(id) {
            Some(name) => format!("{name}.uuid"),
            None => format!("{:?}.parse().unwrap()", id.to_string()),
        };
        let snapshot = |id: &SnapshotId| match names.snapshots.get(id) {
            Some(name) => format!("{name}.uuid"),
            None => format!("{:?}.parse().unwrap()", id.to_string()),
        };
        let text = |text: &String| match names.spelled(text) {
            Some(_) => format!("&{}", text_in_rust(text, names)),
            None => format!("{text:?}"),
        };
        let arguments = match call {
            Call::CreateVolume(spec) => spec_in_rust(spec, names),
            Call::ListVolumes | Call::Space => String::new(),
            Call::FindVolume(name) => text(name),
            Call::GetVolume(id)
            | Call::DeleteVolume(id)
            | Call::AccessHandle(id)
            | Call::ListSnapshots(id)
            | Call::SplitClone(id) => volume(id),
            Call::PatchVolume(id, patch) => {
                format!("{}, {}", volume(id), patch_in_rust(patch, names))
            }
            Call::CreateSnapshot(id, name) | Call::FindSnapshot(id, name) => {
                format!("{}, {}", volume(id), text(name))
            }
            Call::GetSnapshot(id, of)
            | Call::DeleteSnapshot(id, of)
            | Call::RestoreSnapshot(id, of) => format!("{}, {}", volume(id), snapshot(of)),
            Call::RenameSnapshot(id, of, name) | Call::CreateClone(id, of, name) => {
                format!("{}, {}, {}", volume(id), snapshot(of), text(name))
            }
        };
        let receiver = receiver_in_rust(call.tier(), route);
        format!("{receiver}.{}({arguments})", call.operation())
    }

    fn bound(&self, variable: &str, call: &str) -> String {
        format!("let {variable} = {call}.unwrap();")
    }

    fn plain(&self, call: &str) -> String {
        format!("{call}.unwrap();")
    }

    fn refused(&self, call: &str) -> String {
        format!("let _ = {call};")
    }

    fn raised(&self, call: &str) -> String {
        format!("println!(\"{{:?}}\", {call});")
    }

    fn shown(&self, call: &str) -> String {
        format!("println!(\"{{:?}}\", {call}.unwrap());")
    }

    fn shown_variable(&self, variable: &str) -> String {
        format!("println!(\"{{{variable}:?}}\");")
    }

    fn imports(&self, lines: &[String]) -> Vec<String> {
        if lines.is_empty() {
            return Vec::new();
        }
        let is_used = |name: &&str| lines.iter().any(|line| line.contains(&format!("{name}::")));
        let types = ["VolumePatch", "VolumeSpec", "VolumeState"].into_iter().filter(is_used);
        let names: Vec<&str> = ["VolumeBackend"].into_iter().chain(types).collect();
        vec![match names.as_slice() {
            [name] => format!("use nessie_backend_core::{name};"),
            names => format!("use nessie_backend_core::{{{}}};", names.join(", ")),
        }]
    }

    fn comment(&self, text: &str) -> String {
        format!("// {text}")
    }
}

/// The backend, and the accessors up to the object that the operation of this tier is called on.
fn receiver_in_rust(tier: Tier, route: Route) -> String {
    let mut steps = route.steps().to_vec();
    if steps.last().copied().unwrap_or(Tier::Volumes) < tier {
        steps.push(tier);
    }
    let accessor = |step: Tier| match step {
        Tier::Volumes => "",
        Tier::Snapshots => ".snapshot_backend().unwrap()",
        Tier::Clones => ".clone_backend().unwrap()",
    };
    steps.into_iter().map(accessor).fold("b".to_owned(), |text, step| text + step)
}

/// The text as an expression: a literal, or the identifier of an object.
fn text_in_rust(text: &str, names: &Names) -> String {
    let Some((variable, spelling)) = names.spelled(text) else { return format!("{text:?}") };
    match spelling {
        Spelling::Canonical => format!("{variable}.uuid.to_string()"),
        Spelling::UpperCase => format!("{variable}.uuid.to_string().to_uppercase()"),
        Spelling::WithoutHyphens => format!("{variable}.uuid.to_string().replace('-', \"\")"),
        Spelling::Urn => format!("format!(\"urn:uuid:{{}}\", {variable}.uuid)"),
    }
}

fn spec_in_rust(spec: &VolumeSpec, names: &Names) -> String {
    let size = spec.size_bytes.map(|size| format!(".size_bytes({size})")).unwrap_or_default();
    format!("VolumeSpec::named({}){size}", text_in_rust(&spec.name, names))
}

fn patch_in_rust(patch: &VolumePatch, names: &Names) -> String {
    let mut text = "VolumePatch::new()".to_owned();
    if let Some(size) = patch.size_bytes {
        let _ = write!(text, ".size_bytes({size})");
    }
    let texts = [
        ("junction_path", &patch.junction_path),
        ("export_policy", &patch.export_policy),
        ("name", &patch.name),
    ];
    for (field, value) in texts {
        if let Some(value) = value {
            let _ = write!(text, ".{field}({})", text_in_rust(value, names));
        }
    }
    if let Some(state) = patch.state {
        let state = match state {
            VolumeState::Online => "Online",
            VolumeState::Offline => "Offline",
            VolumeState::Restricted => "Restricted",
        };
        let _ = write!(text, ".state(VolumeState::{state})");
    }
    text
}

struct Python;

impl Language for Python {
    fn call(&self, call: &Call, _: Route, names: &Names) -> String {
        let volume = |id: &VolumeId| match names.volumes.get(id) {
            Some(name) => format!("{name}[\"uuid\"]"),
            None => format!("\"{id}\""),
        };
        let snapshot = |id: &SnapshotId| match names.snapshots.get(id) {
            Some(name) => format!("{name}[\"uuid\"]"),
            None => format!("\"{id}\""),
        };
        let text = |text: &String| text_in_python(text, names);
        let arguments = match call {
            Call::CreateVolume(VolumeSpec { name, size_bytes: Some(size), .. }) => {
                format!("{}, size_bytes={size}", text(name))
            }
            Call::CreateVolume(VolumeSpec { name, .. }) | Call::FindVolume(name) => text(name),
            Call::ListVolumes | Call::Space => String::new(),
            Call::GetVolume(id)
            | Call::DeleteVolume(id)
            | Call::AccessHandle(id)
            | Call::ListSnapshots(id)
            | Call::SplitClone(id) => volume(id),
            Call::PatchVolume(id, patch) => volume(id) + &patch_in_python(patch, names),
            Call::CreateSnapshot(id, name) | Call::FindSnapshot(id, name) => {
                format!("{}, {}", volume(id), text(name))
            }
            Call::GetSnapshot(id, of)
            | Call::DeleteSnapshot(id, of)
            | Call::RestoreSnapshot(id, of) => format!("{}, {}", volume(id), snapshot(of)),
            Call::RenameSnapshot(id, of, name) | Call::CreateClone(id, of, name) => {
                format!("{}, {}, {}", volume(id), snapshot(of), text(name))
            }
        };
        format!("b.{}({arguments})", call.operation())
    }

    fn bound(&self, variable: &str, call: &str) -> String {
        format!("{variable} = {call}")
    }

    fn plain(&self, call: &str) -> String {
        call.to_owned()
    }

    fn refused(&self, call: &str) -> String {
        format!("with contextlib.suppress(Exception): {call}")
    }

    fn raised(&self, call: &str) -> String {
        call.to_owned()
    }

    fn shown(&self, call: &str) -> String {
        format!("print({call})")
    }

    fn shown_variable(&self, variable: &str) -> String {
        format!("print({variable})")
    }

    fn imports(&self, lines: &[String]) -> Vec<String> {
        let is_used = lines.iter().any(|line| line.starts_with("with contextlib."));
        is_used.then(|| "import contextlib".to_owned()).into_iter().collect()
    }

    fn comment(&self, text: &str) -> String {
        format!("# {text}")
    }
}

/// The text as an expression: a literal, or the identifier of an object.
fn text_in_python(text: &str, names: &Names) -> String {
    let Some((variable, spelling)) = names.spelled(text) else { return python_text(text) };
    let id = format!("{variable}[\"uuid\"]");
    match spelling {
        Spelling::Canonical => id,
        Spelling::UpperCase => id + ".upper()",
        Spelling::WithoutHyphens => id + ".replace(\"-\", \"\")",
        Spelling::Urn => "\"urn:uuid:\" + ".to_owned() + &id,
    }
}

fn patch_in_python(patch: &VolumePatch, names: &Names) -> String {
    let mut text = String::new();
    if let Some(size) = patch.size_bytes {
        let _ = write!(text, ", size_bytes={size}");
    }
    let texts = [
        ("junction_path", patch.junction_path.as_deref()),
        ("export_policy", patch.export_policy.as_deref()),
        ("name", patch.name.as_deref()),
        ("state", patch.state.map(VolumeState::as_str)),
    ];
    for (field, value) in texts {
        if let Some(value) = value {
            let _ = write!(text, ", {field}={}", text_in_python(value, names));
        }
    }
    text
}

/// The text as a Python literal.
fn python_text(text: &str) -> String {
    let mut literal = "\"".to_owned();
    for character in text.chars() {
        match character {
            '"' | '\\' => literal.extend(['\\', character]),
            '\n' => literal += "\\n",
            _ if character.is_control() => {
                let _ = write!(literal, "\\U{:08x}", u32::from(character));
            }
            _ => literal.push(character),
        }
    }
    literal + "\""
}

#[cfg(test)]
mod tests {
    use nessie_backend_core::{Snapshot, Uuid, Volume};

    use super::*;
    use crate::oracle::call::{Details, Refusal};

    fn made(call: Call, answer: Answer) -> Step {
        Step { call, route: Route::DIRECT, answer: Some(answer), thread: None }
    }

    fn refused(code: &'static str) -> Answer {
        let message = "no".to_owned();
        let details = Details::default();
        Err(Refusal { code, target: None, dependents: None, details, message, malformed: None })
    }

    /// Makes a volume, fails to make it again, snapshots and clones it, patches the clone, and
    /// fails to delete a missing object.
    fn trace() -> Trace {
        let (volume, clone) = (VolumeId::new(Uuid::max()), VolumeId::new(Uuid::from_u128(1)));
        let snapshot = SnapshotId::new(Uuid::max());
        let create = Call::CreateVolume(VolumeSpec::named("a").size_bytes(5));
        let patch = VolumePatch::new().junction_path("/\"é\0").state(VolumeState::Offline);
        Trace::new(vec![
            made(create.clone(), Ok(Value::Volume(Volume::new(volume, "a")))),
            made(create, refused("volume_exists")),
            made(
                Call::CreateSnapshot(volume, "s".to_owned()),
                Ok(Value::Snapshot(Snapshot::new(snapshot, "s"))),
            ),
            made(
                Call::CreateClone(volume, snapshot, "c".to_owned()),
                Ok(Value::Volume(Volume::new(clone, "c"))),
            ),
            made(Call::PatchVolume(clone, patch), Ok(Value::Volume(Volume::new(clone, "c")))),
            made(Call::DeleteVolume(VolumeId::new(Uuid::nil())), refused("volume_not_found")),
        ])
    }

    #[test]
    fn a_trace_prints_as_rust() {
        assert_eq!(
            trace().as_rust(),
            r#"use nessie_backend_core::{VolumeBackend, VolumePatch, VolumeSpec, VolumeState};
let vol1 = b.create_volume(VolumeSpec::named("a").size_bytes(5)).unwrap();
let _ = b.create_volume(VolumeSpec::named("a").size_bytes(5));  // refused: volume_exists
let snap1 = b.snapshot_backend().unwrap().create_snapshot(vol1.uuid, "s").unwrap();
let clone1 = b.clone_backend().unwrap().create_clone(vol1.uuid, snap1.uuid, "c").unwrap();
b.patch_volume(clone1.uuid, VolumePatch::new().junction_path("/\"é\0").state(VolumeState::Offline)).unwrap();
println!("{:?}", b.delete_volume("00000000-0000-0000-0000-000000000000".parse().unwrap()));  // refused: volume_not_found"#
        );
    }

    #[test]
    fn a_call_on_a_tier_object_prints_with_the_accessors() {
        let through = |tier: Tier| -> Vec<String> {
            Route::to(tier, Tier::Clones).map(|route| receiver_in_rust(tier, route)).collect()
        };
        assert_eq!(
            through(Tier::Volumes)[..3],
            ["b", "b.snapshot_backend().unwrap()", "b.clone_backend().unwrap()"]
        );
        assert_eq!(
            through(Tier::Clones)[1],
            "b.snapshot_backend().unwrap().clone_backend().unwrap()"
        );
    }

    #[test]
    fn a_trace_prints_as_python() {
        assert_eq!(
            trace().as_python(),
            r#"import contextlib
vol1 = b.create_volume("a", size_bytes=5)
with contextlib.suppress(Exception): b.create_volume("a", size_bytes=5)  # refused: volume_exists
snap1 = b.create_snapshot(vol1["uuid"], "s")
clone1 = b.create_clone(vol1["uuid"], snap1["uuid"], "c")
b.patch_volume(clone1["uuid"], junction_path="/\"é\U00000000", state="offline")
b.delete_volume("00000000-0000-0000-0000-000000000000")  # refused: volume_not_found"#
        );
    }

    #[test]
    fn a_name_that_is_an_identifier_prints_with_the_variable() {
        let volume = VolumeId::new(Uuid::max());
        let steps = |name: &str| {
            let create = Call::CreateVolume(VolumeSpec::named("a"));
            let volume = Ok(Value::Volume(Volume::new(volume, "a")));
            vec![made(create, volume), made(Call::FindVolume(name.to_owned()), refused("timeout"))]
        };
        let last = |name: &str, print: fn(&Trace) -> String| {
            let text = print(&Trace::new(steps(name)));
            let line = text.lines().last().unwrap_or_default().to_owned();
            line.split("  ").next().unwrap_or_default().to_owned()
        };
        for (spelling, python, rust) in [
            (Spelling::Canonical, "vol1[\"uuid\"]", "&vol1.uuid.to_string()"),
            (
                Spelling::UpperCase,
                "vol1[\"uuid\"].upper()",
                "&vol1.uuid.to_string().to_uppercase()",
            ),
            (
                Spelling::WithoutHyphens,
                "vol1[\"uuid\"].replace(\"-\", \"\")",
                "&vol1.uuid.to_string().replace('-', \"\")",
            ),
            (
                Spelling::Urn,
                "\"urn:uuid:\" + vol1[\"uuid\"]",
                "&format!(\"urn:uuid:{}\", vol1.uuid)",
            ),
        ] {
            let name = spelling.of(volume.uuid());
            assert_eq!(last(&name, Trace::as_python), format!("b.find_volume({python})"));
            let rust = format!("println!(\"{{:?}}\", b.find_volume({rust}));");
            assert_eq!(last(&name, Trace::as_rust), rust);
        }
        let other = Spelling::Canonical.of(Uuid::nil());
        assert_eq!(last(&other, Trace::as_python), format!("b.find_volume(\"{other}\")"));
    }

    #[test]
    fn the_last_answer_is_printed() {
        let volume = VolumeId::new(Uuid::max());
        let create = Call::CreateVolume(VolumeSpec::named("a"));
        let create = made(create, Ok(Value::Volume(Volume::new(volume, "a"))));
        let list = made(Call::ListVolumes, Ok(Value::Nothing));
        let delete = made(Call::DeleteVolume(volume), Ok(Value::Nothing));
        let end = |steps: &[&Step], print: fn(&Trace) -> String| {
            let text = print(&Trace::new(steps.iter().copied().cloned().collect()));
            text.lines().last().unwrap_or_default().to_owned()
        };
        assert_eq!(end(&[&create], Trace::as_rust), r#"println!("{vol1:?}");"#);
        assert_eq!(end(&[&create], Trace::as_python), "print(vol1)");
        assert_eq!(
            end(&[&create, &list], Trace::as_rust),
            r#"println!("{:?}", b.list_volumes().unwrap());"#
        );
        assert_eq!(end(&[&create, &list], Trace::as_python), "print(b.list_volumes())");
        assert_eq!(end(&[&create, &delete], Trace::as_python), r#"b.delete_volume(vol1["uuid"])"#);
    }

    #[test]
    fn of_a_very_long_trace_the_beginning_and_the_end_are_printed() {
        let steps = vec![made(Call::ListVolumes, Ok(Value::Nothing)); 1000];
        let text = Trace::new(steps).as_python();
        assert_eq!(text.lines().count(), HEAD + TAIL + 1);
        assert!(text.contains("# … 920 more calls …"));
    }
}
