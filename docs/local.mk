dist_man_MANS += docs/qvirtd.8
