from local_stack.ports import free_ports


def test_free_ports_are_all_different() -> None:
    assert len(set(free_ports(5))) == 5
