"""The TypeScript types are those of the contracts."""

from deploy.codegen import typescript


def test_the_committed_types_are_fresh():
    assert typescript.TARGET.read_text() == typescript.generate(), "run `make types`"


def test_a_frame_carries_its_tag_and_required_fields():
    text = typescript.generate()
    assert 'export interface Position {\n  type: "position";\n  ticket_id: string;\n  position: number;' in text


def test_what_a_client_may_leave_out_is_optional():
    assert "  attachment_ids?: string[];" in typescript.generate()


def test_check_reports_a_stale_file(tmp_path, monkeypatch, capsys):
    monkeypatch.setattr(typescript, "TARGET", tmp_path / "frames.ts")
    assert typescript.main(["--check"]) == 1
    assert "make types" in capsys.readouterr().err
    assert typescript.main([]) == 0
    assert typescript.main(["--check"]) == 0
